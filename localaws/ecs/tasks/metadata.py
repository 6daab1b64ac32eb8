"""The task metadata endpoint, version 4: what a container may ask about itself, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from typing import Any

from localaws.ecs.instances import reservation
from localaws.ecs.model import Container, Task
from localaws.ecs.tasks import labels

REQUEST_SECONDS = 5
MOST_HEADER_LINES = 100


class Metadata:
    def __init__(self) -> None:
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

    def url(self, container: Container) -> str:
        return f"http://127.0.0.1:{self._port}/v4/{container.token}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError, EOFError):
            async with asyncio.timeout(REQUEST_SECONDS):
                status, body = self._answer(await _path(reader))
                head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    def _answer(self, path: str) -> tuple[str, bytes]:
        version, _, rest = path.strip("/").partition("/")
        token, _, what = rest.partition("/")
        found = self._containers.get(token)
        if version != "v4" or not found or what not in ("", "task"):
            return "404 Not Found", b'"V4 metadata handler: unable to find the container"'
        task, container = found
        shape = describe_task(task) if what else describe_container(task, container)
        return "200 OK", json.dumps(shape).encode()


async def _path(reader: asyncio.StreamReader) -> str:
    method, path, _ = (await reader.readline()).decode("latin-1").split(" ", 2)
    for _ in range(MOST_HEADER_LINES):
        if not (await reader.readline()).strip():
            break
    return path.partition("?")[0] if method == "GET" else ""


def describe_task(task: Task) -> dict[str, Any]:
    shape = {
        "Cluster": task.cluster_arn,
        "TaskARN": task.arn,
        "Family": task.definition.family,
        "Revision": str(task.definition.revision),
        "ServiceName": task.service.name if task.service else None,
        "DesiredStatus": task.desired_status,
        "KnownStatus": task.status.value,
        "Limits": {
            "CPU": reservation.cpu(task.definition, task.overrides) / 1024,
            "Memory": reservation.memory(task.definition, task.overrides),
        },
        "PullStartedAt": _text(task.pull_started_at),
        "PullStoppedAt": _text(task.pull_stopped_at),
        "AvailabilityZone": task.instance.availability_zone,
        "LaunchType": "EC2",
        "Containers": [describe_container(task, one) for one in task.containers],
    }
    return {key: value for key, value in shape.items() if value is not None}


def describe_container(task: Task, container: Container) -> dict[str, Any]:
    shape = {
        "DockerId": container.runtime_id,
        "Name": container.name,
        "DockerName": f"ecs-{task.definition.family}-{task.definition.revision}-{container.name}",
        "Image": container.image,
        "ImageID": container.image_digest,
        "Ports": [
            {
                "ContainerPort": one["containerPort"],
                "Protocol": one["protocol"],
                "HostPort": one["hostPort"],
                "HostIp": one["bindIP"],
            }
            for one in container.bindings
        ],
        "Labels": labels.of(task, container),
        "DesiredStatus": task.desired_status,
        "KnownStatus": container.last_status,
        "ExitCode": container.exit_code,
        "Limits": {
            "CPU": container.definition.get("cpu", 0),
            "Memory": container.definition.get("memory", 0),
        },
        "CreatedAt": _text(task.created_at),
        "StartedAt": _text(task.started_at),
        "Type": "NORMAL",
        "ContainerARN": container.arn,
        "Networks": [{"NetworkMode": "bridge", "IPv4Addresses": [task.instance.address]}],
    }
    return {key: value for key, value in shape.items() if value is not None}


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None
