"""What the ECS agent of an instance answers its containers: metadata, protection, credentials."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.ecs.model import Container, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import credentials, metadata, protection, self_protection
from localaws.wire import AwsError

REQUEST_SECONDS = 5
MOST_HEADER_LINES = 100
LONGEST_BODY = 65_536
PROTECTION = "task-protection/v1/state"
CREDENTIALS = "v2/credentials"
REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    501: "Not Implemented",
}

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes


class Agent:
    def __init__(self, world: World, tags: metadata.Tags, changed: Callable[[Task], None]) -> None:
        """`changed` is told when a task protected itself."""
        self._world, self._tags, self._changed = world, tags, changed
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

    def variables(self, task: Task, container: Container) -> dict[str, str]:
        """By which a container finds all this."""
        here = f"http://127.0.0.1:{self._port}"
        found = {
            "ECS_CONTAINER_METADATA_URI_V4": f"{here}/v4/{container.token}",
            "ECS_AGENT_URI": f"{here}/api/{container.token}",
        }
        if task.role:  # AWS's is relative, to an address that no machine has but its instances
            found["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{here}/{CREDENTIALS}/{container.token}"
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError, EOFError):
            async with asyncio.timeout(REQUEST_SECONDS):
                status, shape = await self._answer(await _read(reader))
                body = json.dumps(shape).encode()
                head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
                head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path.startswith(f"/{CREDENTIALS}/"):
            return await self._credentials(asked.path.rpartition("/")[2])
        kind, _, rest = asked.path.strip("/").partition("/")
        token, _, what = rest.partition("/")
        found = self._containers.get(token)
        if (kind, what) == ("api", PROTECTION):
            return self._protection(found[0] if found else None, asked)
        if kind == "v4" and found and asked.method == "GET":
            return self._metadata(*found, what)
        return 404, "V4 metadata handler: unable to find the container"

    async def _credentials(self, token: str) -> Answer:
        task, _ = self._containers.get(token, (None, None))
        given = await credentials.of(self._world, task)
        return (200, given) if given else (400, credentials.UNKNOWN)

    def _metadata(self, task: Task, container: Container, what: str) -> Answer:
        match what:
            case "":
                return 200, metadata.describe_container(task, container)
            case "task":
                return 200, metadata.describe_task(task)
            case "taskWithTags":
                return 200, metadata.describe_task(task, self._tags)
        return 501, f"{what} is not modelled by the local AWS"

    def _protection(self, task: Task | None, asked: Asked) -> Answer:
        if asked.method not in ("GET", "PUT"):
            return 405, ""
        try:
            wish = self_protection.read(asked.body) if asked.method == "PUT" else None
        except self_protection.Unreadable:
            return self_protection.unreadable()
        if task is None:
            return self_protection.unknown()
        if wish and wish.enabled is None:
            return self_protection.incomplete(task)
        if not task.role:
            return self_protection.without_role(task)
        return self._protected(task, wish)

    def _protected(self, task: Task, wish: self_protection.Wish | None) -> Answer:
        """As ECS answers the agent."""
        now = self._world.clock.now()
        try:
            protection.check_minutes(wish.minutes if wish else None)
        except AwsError as error:
            return self_protection.refused(task, error.code, error.message)
        if reason := protection.failure(task, now, protects=bool(wish and wish.enabled)):
            return self_protection.failure(task, reason)
        if wish:
            protection.protect(task, now, enabled=bool(wish.enabled), minutes=wish.minutes)
            self._changed(task)
        return self_protection.shown(task, now)


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
