"""The API as a program uses it: JSON in, JSON out, and operations watched to their end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from palatine.trouble import Trouble

_UNFINISHED = ("pending", "applying", "rolling", "settling", "rolling_back")
_LONGEST = 120.0  # seconds for any one operation


class Api:
    def __init__(self, url: str, token: str) -> None:
        self._http = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return self._send("GET", path)

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401
        return self._send("POST", path, body)

    def patch(self, path: str, body: object) -> Any:  # noqa: ANN401
        return self._send("PATCH", path, body)

    def destroy(self, app: str) -> dict[str, Any]:
        """The operation that clears up behind the app."""
        answer = self._request("DELETE", f"/apps/{app}")
        operation: dict[str, Any] = self.get(f"/operations/{answer.headers['Operation-Id']}")
        return operation

    def deploy(self, app: str, image: str) -> Iterator[str]:
        """A streamed deploy, line by line; Trouble when it ends with an error."""
        body = {"image": image, "stream": True}
        with self._http.stream("POST", f"/apps/{app}/deploys", json=body) as answer:
            if answer.is_error:
                raise Trouble(answer.read().decode())
            for line in answer.iter_lines():
                yield _said(line)

    def newest_operation(self, app: str) -> dict[str, Any]:
        listed = self._send(
            "GET", f"/apps/{app}/operations", headers={"Range": "number ..; order=desc,max=1"}
        )
        newest: dict[str, Any] = listed[0]
        return newest

    def reached(self, operation: dict[str, Any], *, after: tuple[str, ...]) -> dict[str, Any]:
        """The operation as soon as it is in none of these statuses any more."""
        deadline = time.monotonic() + _LONGEST
        while operation["status"] in after:
            if time.monotonic() > deadline:
                raise Trouble(f"{operation['summary']} is still {operation['status']}.")
            time.sleep(0.05)
            operation = self.get(f"/operations/{operation['id']}")
        return operation

    def succeeded(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Wait for the operation's one terminal state; Trouble unless it is `succeeded`."""
        operation = self.reached(operation, after=_UNFINISHED)
        if operation["status"] != "succeeded":
            raise Trouble(
                f"{operation['summary']} ended {operation['status']}: {operation['reason']}"
            )
        return operation

    def _send(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401
        answer = self._request(method, path, body, headers)
        return answer.json() if answer.content else None

    def _request(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        answer = self._http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise Trouble(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer


def _said(line: str) -> str:
    said = json.loads(line)
    if "error" in said:
        raise Trouble(str(said["error"]))
    return str(said.get("status", ""))
