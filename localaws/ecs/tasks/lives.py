"""The life of each task, from PROVISIONING to STOPPED: one coroutine a task tells it in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from localaws.ecs import messages
from localaws.ecs.balancing import Balancing
from localaws.ecs.model import Container, Life, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.tasks.containers import CannotStart, Containers, Prepared, Started
from localaws.ecs.tasks.metadata import Metadata

log = logging.getLogger(__name__)
T = TypeVar("T")
STOP_TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.05


class Asked(Exception):
    """The task is to stop before it ran."""


class Lives:
    def __init__(
        self,
        world: World,
        containers: Containers,
        notices: Notices,
        metadata: Metadata,
        *,
        changed: Callable[[Task], None],
        stopping: Callable[[Task], None],
        over: Callable[[Task], None],
    ) -> None:
        """`stopping` is told once of each task no longer wanted, `over` when it is STOPPED."""
        self._clock, self._containers, self._notices = world.clock, containers, notices
        self._metadata, self._balancing = metadata, Balancing(world)
        self._changed, self._stopping, self._over = changed, stopping, over
        self._stories: set[asyncio.Task[None]] = set()
        self._asked: dict[str, asyncio.Event] = {}
        self._started: dict[str, dict[str, Started]] = {}  # by task, by container; those alive

    def begin(self, task: Task) -> None:
        self._asked[task.id], self._started[task.id] = asyncio.Event(), {}
        self._metadata.admit(task)
        task.updated_at = task.created_at
        self._notices.task_changed(task)
        self._tell_story(self._live(task))

    def stop(self, task: Task, code: str, reason: str) -> None:
        """The first reason stands."""
        if not task.wanted:
            return
        task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
        task.stopping_at = self._clock.now()
        self._stopping(task)
        self._asked[task.id].set()
        if task.status in (Life.ACTIVATING, Life.RUNNING):
            self._move(task, Life.DEACTIVATING)
        else:
            self._tell(task)

    async def shut_down(self) -> None:
        """The stories end unfinished; the driver kills what still runs."""
        stories = list(self._stories)
        for story in stories:
            story.cancel()
        await asyncio.gather(*stories, return_exceptions=True)

    def _tell_story(self, work: Coroutine[Any, Any, None]) -> None:
        story = asyncio.create_task(work)
        self._stories.add(story)
        story.add_done_callback(self._stories.discard)

    async def _live(self, task: Task) -> None:
        try:
            await self._start(task)
            await self._asked[task.id].wait()
        except Asked:
            pass
        except CannotStart as error:
            self.stop(task, "TaskFailedToStart", str(error))
        except Exception as error:
            log.exception("the local AWS failed at starting task %s", task.id)
            self.stop(task, "TaskFailedToStart", f"The local AWS failed: {type(error).__name__}")
        await self._deactivate(task)
        await self._end(task)

    async def _start(self, task: Task) -> None:
        self._move(task, Life.PENDING)
        prepared = await self._unless_asked(task, self._prepare(task))
        for container in task.containers:
            started = await self._containers.launch(task, container, prepared[container.name])
            self._started[task.id][container.name] = started
            self._tell_story(self._await_exit(task, container, started))
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

    async def _prepare(self, task: Task) -> dict[str, Prepared]:
        task.pull_started_at = self._clock.now()
        prepared = {
            container.name: await self._containers.prepare(task, container)
            for container in task.containers
        }
        task.pull_stopped_at = self._clock.now()
        return prepared

    async def _await_exit(self, task: Task, container: Container, started: Started) -> None:
        try:
            container.exit_code = await started.wait()
            self._exited(task, container)
            await started.last_lines()
        finally:
            started.abandon()

    def _exited(self, task: Task, container: Container) -> None:
        container.last_status = "STOPPED"
        self._started.get(task.id, {}).pop(container.name, None)
        if container.essential:
            self.stop(task, "EssentialContainerExited", messages.ESSENTIAL_EXITED)
        elif task.wanted:
            self._tell(task)

    def _activate(self, task: Task) -> None:
        if task.deployment and task.deployment.load_balancers:
            self._move(task, Life.ACTIVATING)
            self._balancing.register(task)
        task.started_at = self._clock.now()
        self._move(task, Life.RUNNING)

    async def _deactivate(self, task: Task) -> None:
        """SIGTERM waits until the load balancer has drained the task, as on AWS."""
        self._balancing.deregister(task)
        self._changed(task)
        while self._started[task.id] and not self._balancing.drained(task):
            await self._clock.sleep(POLL_SECONDS)

    async def _end(self, task: Task) -> None:
        self._move(task, Life.STOPPING)
        await self._stop_containers(task)
        task.execution_stopped_at = self._clock.now()
        self._move(task, Life.DEPROVISIONING)
        for container in task.containers:
            container.last_status = "STOPPED"
        task.stopped_at = self._clock.now()
        self._move(task, Life.STOPPED)
        self._metadata.forget(task)
        del self._asked[task.id], self._started[task.id]
        self._over(task)

    async def _stop_containers(self, task: Task) -> None:
        alive = self._started[task.id]
        await asyncio.gather(
            *(
                self._stop_container(container, alive[container.name])
                for container in task.containers
                if container.name in alive
            )
        )

    async def _stop_container(self, container: Container, started: Started) -> None:
        await started.running.signal(signal.SIGTERM)
        exited = asyncio.ensure_future(started.running.wait())
        patience = container.definition.get("stopTimeout", STOP_TIMEOUT_SECONDS)
        patient = asyncio.ensure_future(self._clock.sleep(patience))
        try:
            await asyncio.wait({exited, patient}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patient.cancel()
        if not exited.done():
            await started.running.signal(signal.SIGKILL)
        container.exit_code = await exited

    def _move(self, task: Task, status: Life) -> None:
        task.status = status
        self._tell(task)

    def _tell(self, task: Task) -> None:
        task.version += 1
        task.updated_at = self._clock.now()
        self._notices.task_changed(task)
        self._changed(task)
