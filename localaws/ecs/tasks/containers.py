"""A task's containers, handed to the driver: image, environment, ports, output."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from localaws.clock import Clock
from localaws.drivers.driver import Driver, Image, Launch, Port, PullFailed, Running, StartFailed
from localaws.ecs.model import Container, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import labels, secrets
from localaws.ecs.tasks.logs import LogStream, stream_name
from localaws.ecs.tasks.metadata import Metadata

LOG_FAREWELL_SECONDS = 5


class CannotStart(Exception):
    """Its text is the stopped reason of the task."""


@dataclass(frozen=True)
class Prepared:
    image: Image
    environment: dict[str, str]  # secret values and all: never shown, dropped once launched


class Started:
    """A container that runs, its output on its way to the logs."""

    def __init__(self, clock: Clock, running: Running, logs: LogStream | None) -> None:
        self._clock, self.running, self._logs = clock, running, logs
        self._shipping = asyncio.create_task(logs.run()) if logs else None

    async def wait(self) -> int:
        return await self.running.wait()

    async def last_lines(self) -> None:
        """Shipped, or lost after a while: logs never keep a task."""
        if self._logs and self._shipping:
            self._logs.close()
            with suppress(asyncio.TimeoutError):
                async with self._clock.timeout(LOG_FAREWELL_SECONDS):
                    await self._shipping

    def abandon(self) -> None:
        if self._shipping:
            self._shipping.cancel()


class Containers:
    def __init__(self, world: World, driver: Driver, metadata: Metadata) -> None:
        self._world, self._driver, self._metadata = world, driver, metadata

    async def prepare(self, task: Task, container: Container) -> Prepared:
        """Raises CannotStart, as `launch` does."""
        environment = await self._environment(task, container)
        try:
            image = await self._driver.pull(container.image)
        except PullFailed as error:
            container.reason = f"CannotPullContainerError: Error response from daemon: {error}"
            raise CannotStart(container.reason) from error
        container.image_digest = image.digest
        return Prepared(image, environment)

    async def launch(self, task: Task, container: Container, prepared: Prepared) -> Started:
        logs = self._log_stream(task, container)
        launch = _launch(task, container, prepared, logs)
        try:
            running = await self._driver.launch(launch)
        except StartFailed as error:
            container.reason = f"CannotStartContainerError: {error}"
            raise CannotStart(container.reason) from error
        container.runtime_id, container.last_status = running.runtime_id, "RUNNING"
        container.bindings = [_binding(task, port) for port in running.ports]
        return Started(self._world.clock, running, logs)

    async def _environment(self, task: Task, container: Container) -> dict[str, str]:
        definition = container.definition
        environment = _pairs(definition)
        try:
            environment |= await secrets.resolve(self._world, definition.get("secrets", ()))
        except secrets.Unresolved as error:
            raise CannotStart(str(error)) from error
        return (
            environment
            | _pairs(_override(task, container))
            | {
                "ECS_CONTAINER_METADATA_URI_V4": self._metadata.url(container),
                "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
            }
        )

    def _log_stream(self, task: Task, container: Container) -> LogStream | None:
        configured = container.definition.get("logConfiguration") or {}
        options = configured.get("options", {})
        if configured.get("logDriver") != "awslogs" or "awslogs-group" not in options:
            return None
        name = stream_name(options, container.name, task.id)
        return LogStream(self._world, options["awslogs-group"], name)


def _launch(task: Task, container: Container, prepared: Prepared, logs: LogStream | None) -> Launch:
    definition = container.definition | _override(task, container)
    return Launch(
        id=f"{task.id}-{container.name}",
        image=prepared.image,
        address=task.instance.address,
        environment=prepared.environment,
        entrypoint=definition.get("entryPoint"),
        command=definition.get("command"),
        working_directory=definition.get("workingDirectory"),
        ports=[_port(one) for one in definition.get("portMappings", ())],
        cpu=definition.get("cpu", 0),
        memory=definition.get("memory") or _whole(task.definition.body.get("memory")),
        memory_reservation=definition.get("memoryReservation"),
        user=definition.get("user"),
        labels=labels.of(task, container),
        on_line=logs.write if logs else _drop,
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


def _override(task: Task, container: Container) -> dict[str, Any]:
    for override in task.overrides.get("containerOverrides", ()):
        if override.get("name") == container.name:
            return dict(override)
    return {}


def _pairs(definition: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in definition.get("environment", ())}


def _port(mapping: dict[str, Any]) -> Port:
    protocol = mapping.get("protocol", "tcp")
    return Port(mapping["containerPort"], mapping.get("hostPort", 0), protocol)


def _binding(task: Task, port: Port) -> dict[str, Any]:
    return {
        "bindIP": task.instance.address,
        "containerPort": port.container,
        "hostPort": port.host,
        "protocol": port.protocol,
    }


def _drop(_: str) -> None:
    """Output of a container without a log configuration."""
