"""What the ECS agent of an instance answers to its containers: metadata, and task protection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from localaws.clock import Clock
from localaws.ecs.model import Container, Task
from localaws.ecs.tasks import metadata, protection
from localaws.wire import AwsError

REQUEST_SECONDS = 5
MOST_HEADER_LINES = 100
LONGEST_BODY = 65_536
PROTECTION = "task-protection/v1/state"
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes


class Agent:
    def __init__(self, clock: Clock, changed: Callable[[Task], None]) -> None:
        """`changed` is told when a task protected itself."""
        self._clock, self._changed = clock, changed
        self._containers: dict[str, tuple[Task, Container]] = {}  # by token

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    def admit(self, task: Task) -> None:
        self._containers |= {one.token: (task, one) for one in task.containers}

    def forget(self, task: Task) -> None:
        for container in task.containers:
            self._containers.pop(container.token, None)

    def variables(self, container: Container) -> dict[str, str]:
        """By which a container finds all this."""
        here = f"http://127.0.0.1:{self._port}"
        return {
            "ECS_CONTAINER_METADATA_URI_V4": f"{here}/v4/{container.token}",
            "ECS_AGENT_URI": f"{here}/api/{container.token}",
        }

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError, EOFError):
            async with asyncio.timeout(REQUEST_SECONDS):
                status, shape = self._answer(await _read(reader))
                body = json.dumps(shape).encode()
                head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
                head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    def _answer(self, asked: Asked) -> Answer:
        kind, _, rest = asked.path.strip("/").partition("/")
        token, _, what = rest.partition("/")
        found = self._containers.get(token)
        match kind, what, found:
            case "v4", "" | "task", (task, container) if asked.method == "GET":
                shape = (
                    metadata.describe_task(task)
                    if what
                    else metadata.describe_container(task, container)
                )
                return 200, shape
            case "api", _, (task, _) if what == PROTECTION:
                return self._protection(task, asked)
            case "api", _, None:
                return 404, _error(None, "ResourceNotFoundException", "no task was found")
        return 404, "V4 metadata handler: unable to find the container"

    def _protection(self, task: Task, asked: Asked) -> Answer:
        if asked.method not in ("GET", "PUT"):
            return 405, _error(task, "MethodNotAllowed", asked.method)
        if reason := protection.failure(task):
            return 200, {"failure": {"Arn": task.arn, "Reason": reason, "Detail": None}}
        if asked.method == "PUT":
            try:
                self._protect(task, json.loads(asked.body))
            except (ValueError, KeyError, TypeError, AttributeError):
                return 400, _error(task, "InvalidParameterException", "ProtectionEnabled is needed")
            except AwsError as error:
                return 400, _error(task, error.code, error.message)
        return 200, {"protection": self._protected(task)}

    def _protect(self, task: Task, wish: dict[str, Any]) -> None:
        minutes, enabled = wish.get("ExpiresInMinutes"), wish["ProtectionEnabled"]
        protection.check_minutes(minutes)
        now = self._clock.now()
        protection.protect(task, now, enabled=bool(enabled), minutes=minutes)
        self._changed(task)

    def _protected(self, task: Task) -> dict[str, Any]:
        shape = protection.shape(task, self._clock.now())
        until = shape.get("expirationDate")
        return {
            "ExpirationDate": until.astimezone(UTC).isoformat() if until else None,
            "ProtectionEnabled": shape["protectionEnabled"],
            "TaskArn": task.arn,
        }


async def _read(reader: asyncio.StreamReader) -> Asked:
    method, path, _ = (await reader.readline()).decode("latin-1").split(" ", 2)
    length = 0
    for _ in range(MOST_HEADER_LINES):
        name, _, value = (await reader.readline()).decode("latin-1").strip().partition(":")
        if not name:
            break
        if name.lower() == "content-length":
            length = min(int(value), LONGEST_BODY)
    return Asked(method, path.partition("?")[0], await reader.readexactly(length))


def _error(task: Task | None, code: str, message: str) -> dict[str, Any]:
    whose = {"Arn": task.arn} if task else {}
    return {"error": {**whose, "Code": code, "Message": message}}
