"""Which service, operation and parameters a request is for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from localaws.wire import models

_SCOPE = re.compile(r"Credential=[^,\s]*/([a-z0-9-]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @cached_property
    def form(self) -> dict[str, str]:
        """Parameters of the query protocol, wherever they were put."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        if self.header("content-type").startswith("application/x-www-form-urlencoded"):
            pairs += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return dict(pairs)

    @property
    def signed_for(self) -> str:
        """The service of the SigV4 credential scope, from the header or a presigned URL."""
        given = self.header("authorization") or f"Credential={self.form.get('X-Amz-Credential')}"
        found = _SCOPE.search(given)
        return found[1] if found else ""

    @property
    def target(self) -> tuple[str, str]:
        """The prefix and the operation of `X-Amz-Target`."""
        prefix, _, operation = self.header("x-amz-target").rpartition(".")
        return prefix, operation


def owner(request: Request, services: Iterable[str]) -> str | None:
    """Which of these services the request is for; None if it is for none of them.

    Signing names are shared (elb and elbv2), and unsigned requests have none: then the
    target's prefix or the API version decides.
    """
    for name in services:
        metadata = models.service(name).metadata
        if request.signed_for not in ("", models.service(name).signing_name):
            continue
        if metadata["protocol"] == "json":
            if request.target[0] == metadata["targetPrefix"]:
                return name
        elif request.form.get("Version") == metadata["apiVersion"]:
            return name
    return None
