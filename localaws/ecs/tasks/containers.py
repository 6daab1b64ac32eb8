"""A task's containers, handed to the driver: image, environment, ports, output."""

from __future__ import annotations

import asyncio
from typing import Any

from localaws.drivers.driver import (
    Driver,
    Image,
    Launch,
    Port,
    PullFailed,
    StartFailed,
    Ulimit,
)
from localaws.ecs.model import Container, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import consistency, environment, labels
from localaws.ecs.tasks.agent import Agent
from localaws.ecs.tasks.logs import LogStream, NoLogs, stream_name
from localaws.ecs.tasks.mishaps import Mishaps
from localaws.ecs.tasks.started import Started

RESTART_LABEL = "localaws.restart"
DAEMON = "Error response from daemon: "


class CannotStart(Exception):
    """Its text is the reason of the container."""

    exit_code: int | None = None


class Containers:
    def __init__(self, world: World, driver: Driver, agent: Agent) -> None:
        self._world, self._driver, self._agent = world, driver, agent
        self._mishaps = Mishaps(world)
        self._shipping: set[asyncio.Task[None]] = set()  # log lines

    async def environments(self, task: Task) -> dict[str, dict[str, str]]:
        """By container, secret values and all: never shown, dropped once launched.

        Raises environment.Unresolved.
        """
        return {one.name: await self._environment(task, one) for one in task.containers}

    async def pull(self, task: Task, container: Container) -> Image:
        """Raises CannotStart, as `launch` does."""
        if seconds := self._mishaps.slowness(task, container):
            await self._world.clock.sleep(seconds)
        if told := self._mishaps.unpullable(task, container):
            raise _unpulled(container, told)
        try:
            pulled = consistency.reference(task, container)
            image = await self._driver.pull(self._world.image(pulled))
        except PullFailed as error:
            raise _unpulled(container, f"{DAEMON}{error}") from error
        container.image_digest = image.digest
        return image

    async def launch(
        self, task: Task, container: Container, image: Image, variables: dict[str, str]
    ) -> Started:
        if told := self._mishaps.uncreatable(task, container):
            raise _cannot("CreateContainer", told)
        logs = self._logs(task, container)
        try:
            if logs:
                await logs.open()
            running = await self._driver.launch(_launch(task, container, image, variables, logs))
        except NoLogs as error:
            raise _cannot("StartContainer", f"{DAEMON}{error}") from error
        except StartFailed as error:
            raise _cannot("StartContainer", str(error)) from error
        container.runtime_id, container.last_status = running.runtime_id, "RUNNING"
        container.started_at = self._world.clock.now()
        container.bindings = [_binding(task, port) for port in running.ports]
        ending = self._mishaps.ending(task, container)
        clock = self._world.clock
        return Started(clock, running, logs, ending, lambda: _healthy(task, container))

    def ill(self, task: Task, container: Container) -> bool:
        """Whether it fails its health checks, whatever it answers."""
        return self._mishaps.ill(task, container)

    async def restart(self, task: Task, container: Container) -> Started:
        """The same anew, of the image that is there. Raises CannotStart, or Unresolved."""
        container.restarts += 1
        image = await self.pull(task, container)
        return await self.launch(task, container, image, await self._environment(task, container))

    async def adopt(self, task: Task, container: Container) -> Started | None:
        """The one that was started before the local AWS was; None if it is not to be found."""
        logs = self._logs(task, container)
        told = _labels(task, container)
        running = await self._driver.adopt(told, logs.write if logs else _drop)
        return Started(self._world.clock, running, logs) if running else None

    async def end_unadopted(self) -> None:
        await self._driver.end_unadopted()

    async def abandon(self) -> None:
        """Lines that wait are lost."""
        for one in self._shipping:
            one.cancel()
        await asyncio.gather(*self._shipping, return_exceptions=True)

    async def _environment(self, task: Task, container: Container) -> dict[str, str]:
        variables = await environment.of(self._world, task, container)
        return variables | self._agent.variables(task, container)

    def _logs(self, task: Task, container: Container) -> LogStream | None:
        configured = container.definition.get("logConfiguration") or {}
        if configured.get("logDriver") != "awslogs":
            return None
        options = configured["options"]
        name = stream_name(options, container.name, task.id)
        return LogStream(self._world, options, name, self._shipping)


def _unpulled(container: Container, why: str) -> CannotStart:
    """A tag is resolved to a digest before it is pulled (aws/amazon-ecs-agent#4177, #4161)."""
    _, missing, unknown = why.partition(" not found: ")
    if not missing or not consistency.resolvable(container):
        return _cannot("PullContainer", why)
    return _cannot("PullImageManifest", f"{DAEMON}{unknown}")


def _cannot(what: str, why: str) -> CannotStart:
    return CannotStart(f"Cannot{what}Error: {why}")


def _launch(
    task: Task,
    container: Container,
    image: Image,
    variables: dict[str, str],
    logs: LogStream | None,
) -> Launch:
    definition = container.definition | environment.override(task, container)
    again = f"-{container.restarts}" if container.restarts else ""
    return Launch(
        id=f"{task.id}-{container.name}{again}",
        image=image,
        address=task.instance.address,
        environment=variables,
        entrypoint=definition.get("entryPoint"),
        command=definition.get("command"),
        working_directory=definition.get("workingDirectory"),
        ports=[_port(one) for one in definition.get("portMappings", ())],
        cpu=definition.get("cpu", 0),
        memory=definition.get("memory") or _whole(task.definition.body.get("memory")),
        memory_reservation=definition.get("memoryReservation"),
        user=definition.get("user"),
        hostname=definition.get("hostname"),
        ulimits=[
            Ulimit(one["name"], one["softLimit"], one["hardLimit"])
            for one in definition.get("ulimits", ())
        ],
        read_only=definition.get("readonlyRootFilesystem", False),
        labels=_labels(task, container),
        on_line=logs.write if logs else _drop,
    )


def _labels(task: Task, container: Container) -> dict[str, str]:
    return labels.of(task, container) | {RESTART_LABEL: str(container.restarts)}


def _healthy(task: Task, container: Container) -> bool:
    if container.checked:
        return container.health_status == "HEALTHY"
    return task.healthy_since is not None or not task.targets


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


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
