"""The life of each task, from PROVISIONING to STOPPED: one coroutine a task tells it in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from localaws.drivers.driver import Driver, Image, Launch, Port, PullFailed, Running, StartFailed
from localaws.ecs import messages, secrets
from localaws.ecs.logs import LogStream, stream_name
from localaws.ecs.metadata import Metadata
from localaws.ecs.model import Container, Life, Target, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.wire import AwsError

log = logging.getLogger(__name__)
T = TypeVar("T")
STOP_TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.05
LOG_FAREWELL_SECONDS = 5


class CannotStart(Exception):
    """Its text is the stopped reason of the task."""


class Asked(Exception):
    """The task is to stop before it ran."""


class Lives:
    def __init__(
        self,
        world: World,
        driver: Driver,
        notices: Notices,
        metadata: Metadata,
        *,
        changed: Callable[[], None],
        stopping: Callable[[Task], None],
        over: Callable[[Task], None],
    ) -> None:
        """`stopping` is told once of each task no longer wanted, `over` when it is STOPPED."""
        self._world, self._driver, self._notices = world, driver, notices
        self._metadata = metadata
        self._changed, self._stopping, self._over = changed, stopping, over
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._running: dict[str, dict[str, Running]] = {}  # by task, by container
        self._watching: set[asyncio.Task[None]] = set()

    def begin(self, task: Task) -> None:
        self._asked[task.id] = asyncio.Event()
        self._running[task.id] = {}
        self._metadata.admit(task)
        task.updated_at = task.created_at
        self._notices.task_changed(task)
        self._lives[task.id] = asyncio.create_task(self._live(task))

    def stop(self, task: Task, code: str, reason: str) -> None:
        """The first reason stands."""
        if not task.wanted:
            return
        task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
        task.stopping_at = self._world.clock.now()
        self._stopping(task)
        self._asked[task.id].set()
        if task.status in (Life.ACTIVATING, Life.RUNNING):
            self._move(task, Life.DEACTIVATING)
        else:
            self._tell(task)

    async def shut_down(self) -> None:
        """The stories end unfinished; the driver kills what still runs."""
        stories = [*self._lives.values(), *self._watching]
        for story in stories:
            story.cancel()
        await asyncio.gather(*stories, return_exceptions=True)

    async def _live(self, task: Task) -> None:
        try:
            await self._start(task)
            await self._asked[task.id].wait()
        except Asked:
            pass
        except CannotStart as error:
            self.stop(task, "TaskFailedToStart", str(error))
        except Exception as error:
            log.exception("task %s broke the local AWS", task.id)
            self.stop(task, "TaskFailedToStart", f"The local AWS failed: {error}")
        await self._deactivate(task)
        await self._end(task)

    async def _start(self, task: Task) -> None:
        self._move(task, Life.PENDING)
        prepared = await self._unless_asked(task, self._prepare(task))
        for container, (image, environment) in zip(task.containers, prepared, strict=True):
            await self._launch(task, container, image, environment)
        if task.wanted:
            self._activate(task)

    async def _unless_asked(self, task: Task, work: Coroutine[Any, Any, T]) -> T:
        doing = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._asked[task.id].wait())
        try:
            await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not task.wanted:
                raise Asked
            return await doing
        finally:
            for each in (doing, asked):
                each.cancel()
            await asyncio.gather(doing, asked, return_exceptions=True)

    async def _prepare(self, task: Task) -> list[tuple[Image, dict[str, str]]]:
        task.pull_started_at = self._world.clock.now()
        prepared = []
        for container in task.containers:
            environment = await self._environment(task, container)
            prepared.append((await self._pull(container), environment))
        task.pull_stopped_at = self._world.clock.now()
        return prepared

    async def _environment(self, task: Task, container: Container) -> dict[str, str]:
        definition = container.definition
        environment = {one["name"]: one["value"] for one in definition.get("environment", ())}
        try:
            environment |= await secrets.resolve(self._world, definition.get("secrets", ()))
        except secrets.Unresolved as error:
            raise CannotStart(str(error)) from error
        for override in _overrides(task, container):
            environment |= {one["name"]: one["value"] for one in override.get("environment", ())}
        return environment | {
            "ECS_CONTAINER_METADATA_URI_V4": self._metadata.url(container),
            "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
        }

    async def _pull(self, container: Container) -> Image:
        try:
            image = await self._driver.pull(container.image)
        except PullFailed as error:
            container.reason = f"CannotPullContainerError: Error response from daemon: {error}"
            raise CannotStart(container.reason) from error
        container.image_digest = image.digest
        return image

    async def _launch(
        self, task: Task, container: Container, image: Image, environment: dict[str, str]
    ) -> None:
        definition, stream = container.definition, self._log_stream(task, container)
        command = definition.get("command")
        for override in _overrides(task, container):
            command = override.get("command", command)
        launch = Launch(
            id=f"{task.id}-{container.name}",
            image=image,
            address=task.instance.address,
            environment=environment,
            entrypoint=definition.get("entryPoint"),
            command=command,
            working_directory=definition.get("workingDirectory"),
            ports=[_port(one) for one in definition.get("portMappings", ())],
            on_line=stream.write if stream else _drop,
        )
        try:
            running = await self._driver.launch(launch)
        except StartFailed as error:
            container.reason = f"CannotStartContainerError: {error}"
            raise CannotStart(container.reason) from error
        container.runtime_id, container.last_status = running.runtime_id, "RUNNING"
        container.bindings = [_binding(task, port) for port in running.ports]
        self._running[task.id][container.name] = running
        self._watch(self._await_exit(task, container, running, stream))

    def _log_stream(self, task: Task, container: Container) -> LogStream | None:
        configured = container.definition.get("logConfiguration") or {}
        options = configured.get("options", {})
        if configured.get("logDriver") != "awslogs" or "awslogs-group" not in options:
            return None
        name = stream_name(options, container.name, task.id)
        return LogStream(self._world, options["awslogs-group"], name)

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        watching = asyncio.create_task(work)
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)

    async def _await_exit(
        self, task: Task, container: Container, running: Running, stream: LogStream | None
    ) -> None:
        shipping = asyncio.create_task(stream.run()) if stream else None
        try:
            container.exit_code = await running.wait()
        finally:
            if shipping:
                shipping.cancel()
        container.last_status = "STOPPED"
        self._running[task.id].pop(container.name, None)
        if container.essential:
            self.stop(task, "EssentialContainerExited", messages.ESSENTIAL_EXITED)
        self._changed()
        if stream:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stream.flush(), LOG_FAREWELL_SECONDS)

    def _activate(self, task: Task) -> None:
        if task.deployment and task.deployment.load_balancers:
            self._move(task, Life.ACTIVATING)
            for balancer in task.deployment.load_balancers:
                self._register(task, balancer)
        task.started_at = self._world.clock.now()
        self._move(task, Life.RUNNING)

    def _register(self, task: Task, balancer: dict[str, Any]) -> None:
        for container in task.containers:
            for binding in container.bindings:
                if (container.name, binding["containerPort"]) == (
                    balancer["containerName"],
                    balancer["containerPort"],
                ):
                    group = balancer["targetGroupArn"]
                    target = Target(group, task.instance.ec2_instance_id, binding["hostPort"])
                    self._add_target(task, target)

    def _add_target(self, task: Task, target: Target) -> None:
        try:
            self._world.elbv2.register(target.group, target.id, target.port)
        except AwsError as error:
            log.warning("task %s is not registered in %s: %s", task.id, target.group, error)
        task.targets.append(target)
        if task.service:
            task.service.notes.registered[target.group] += 1

    async def _deactivate(self, task: Task) -> None:
        """SIGTERM waits until the load balancer has drained the task, as on AWS."""
        if not task.targets:
            return
        for target in task.targets:
            with suppress(AwsError):  # the target group is gone
                self._world.elbv2.deregister(target.group, target.id, target.port)
            if task.service:
                task.service.notes.deregistered[target.group] += 1
        if task.service:
            task.service.notes.draining += 1
        self._changed()
        while self._running[task.id] and any(map(self._draining, task.targets)):
            await self._world.clock.sleep(POLL_SECONDS)

    def _draining(self, target: Target) -> bool:
        with suppress(AwsError):
            return self._world.elbv2.state(target.group, target.id, target.port) is not None
        return False

    async def _end(self, task: Task) -> None:
        if task.service and task.stop_code == "ServiceSchedulerInitiated":
            task.service.notes.stopped.append(task.id)
        self._move(task, Life.STOPPING)
        await asyncio.gather(
            *(
                self._stop_container(container, self._running[task.id][container.name])
                for container in reversed(task.containers)
                if container.name in self._running[task.id]
            )
        )
        task.execution_stopped_at = self._world.clock.now()
        self._move(task, Life.DEPROVISIONING)
        for container in task.containers:
            container.last_status = "STOPPED"
        task.stopped_at = self._world.clock.now()
        self._move(task, Life.STOPPED)
        self._metadata.forget(task)
        for kept in (self._lives, self._asked, self._running):
            kept.pop(task.id, None)
        self._over(task)

    async def _stop_container(self, container: Container, running: Running) -> None:
        await running.signal(signal.SIGTERM)
        exited = asyncio.ensure_future(running.wait())
        patience = container.definition.get("stopTimeout", STOP_TIMEOUT_SECONDS)
        patient = asyncio.ensure_future(self._world.clock.sleep(patience))
        await asyncio.wait({exited, patient}, return_when=asyncio.FIRST_COMPLETED)
        patient.cancel()
        if not exited.done():
            await running.signal(signal.SIGKILL)
        container.exit_code = await exited

    def _move(self, task: Task, status: Life) -> None:
        task.status = status
        self._tell(task)

    def _tell(self, task: Task) -> None:
        task.version += 1
        task.updated_at = self._world.clock.now()
        self._notices.task_changed(task)
        self._changed()


def _overrides(task: Task, container: Container) -> list[dict[str, Any]]:
    overrides = task.overrides.get("containerOverrides", ())
    return [one for one in overrides if one.get("name") == container.name]


def _port(mapping: dict[str, Any]) -> Port:
    return Port(
        mapping["containerPort"], mapping.get("hostPort", 0), mapping.get("protocol", "tcp")
    )


def _binding(task: Task, port: Port) -> dict[str, Any]:
    return {
        "bindIP": task.instance.address,
        "containerPort": port.container,
        "hostPort": port.host,
        "protocol": port.protocol,
    }


def _drop(_: str) -> None:
    """Output of a container without a log configuration."""
