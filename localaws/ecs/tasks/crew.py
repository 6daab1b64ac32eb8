"""The containers of one task while it lives: started as they depend on each other, watched,
restarted where their policy says so, and stopped the other way round."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

from localaws.clock import Clock
from localaws.drivers.driver import Image
from localaws.ecs import messages
from localaws.ecs.model import Container, Task
from localaws.ecs.tasks import checkups, dependencies, restarts
from localaws.ecs.tasks.containers import CannotStart, Containers
from localaws.ecs.tasks.environment import Unresolved
from localaws.ecs.tasks.examining import examine
from localaws.ecs.tasks.news import News
from localaws.ecs.tasks.started import Started

T = TypeVar("T")
STOP_TIMEOUT_SECONDS = 30  # the agent's ECS_CONTAINER_STOP_TIMEOUT
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
# as the agent says it whose instance was started anew (aws/amazon-ecs-agent, engine/errors.go)
VANISHED = "ContainerVanishedError: No container matching saved ID found"


# what Docker says of one ended by SIGTERM; the agent says it of one that it never starts
NEVER_STARTED = 128 + signal.SIGTERM


class Unwanted(Exception):
    """The task is to stop before all of it was started."""


class FailedToStart(Exception):
    """Its text is the stopped reason of the task."""


class Crew:
    def __init__(
        self,
        clock: Clock,
        containers: Containers,
        task: Task,
        *,
        changed: Callable[[Task], None],
        ended: Callable[[Task, Container], None],
    ) -> None:
        """`changed` is told of starts and of health, `ended` of each container's end."""
        self._clock, self._containers, self._task = clock, containers, task
        self._changed, self._ended = changed, ended
        self._by_name = {one.name: one for one in task.containers}
        self._alive: dict[str, Started] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._news = News(clock)
        self._lost = False

    async def start(self) -> None:
        """Returns once all that can be have been started; raises FailedToStart, or Unwanted."""
        variables = await self._environments()
        while waiting := self._waiting():
            if ready := self._ready(waiting):
                await self._start(ready, variables)
            elif len(self._waiting()) == len(waiting):
                await self._news.wait(self._given_up(waiting))
            self._check_wanted()

    async def adopt(self) -> None:
        """Those that were alive when the local AWS was stopped; what is not found has ended."""
        for container in self._task.containers:
            if container.last_status != "RUNNING":
                continue
            if started := await self._containers.adopt(self._task, container):
                self._watch(container, started)
            else:
                container.reason, container.last_status = VANISHED, "STOPPED"

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL to who does not hear it; those that others need go last."""
        if self._alive:
            await asyncio.gather(*(self._stop(one) for one in self._task.containers))

    def lose(self) -> None:
        """Their host is gone, for those that are yet to start too."""
        self._lost = True
        for started in self._alive.values():
            self._begin(started.signal(signal.SIGKILL))

    async def dead(self) -> None:
        """Returns once none is alive."""
        while self._alive:
            await self._news.wait()

    async def news(self) -> None:
        """Returns once there is any."""
        await self._news.wait()

    def hear(self) -> None:
        """Whoever waits for news looks again."""
        self._news.tell()

    async def abandon(self) -> None:
        """Nobody watches them any more."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def _environments(self) -> dict[str, dict[str, str]]:
        try:
            return await self._unless_unwanted(self._containers.environments(self._task))
        except Unresolved as error:
            raise FailedToStart(str(error)) from error

    def _waiting(self) -> list[Container]:
        return [one for one in self._task.containers if one.last_status == "PENDING"]

    def _ready(self, waiting: Sequence[Container]) -> list[Container]:
        ready, now = list[Container](), self._clock.now()
        for one in waiting:
            with self._essential_or_else(one):
                if self._may_start(one, now):
                    ready.append(one)
        return ready

    def _may_start(self, container: Container, now: datetime) -> bool:
        try:
            return dependencies.met(container, self._by_name, now)
        except dependencies.Unresolvable as error:
            never = CannotStart(f"CannotStartContainerError: {error}")
            never.exit_code = NEVER_STARTED
            raise never from error

    @contextmanager
    def _essential_or_else(self, container: Container) -> Iterator[None]:
        """One that cannot be started has stopped; without one that is not essential, all go on."""
        try:
            yield
        except CannotStart as error:
            container.reason, container.exit_code = str(error), error.exit_code
            container.last_status = "STOPPED"
            if container.essential:
                raise FailedToStart(messages.FAILED_TO_START) from error
            self._ended(self._task, container)

    def _given_up(self, waiting: Sequence[Container]) -> datetime | None:
        limits = (dependencies.given_up(one, self._by_name) for one in waiting)
        return min((limit for limit in limits if limit), default=None)

    async def _start(
        self, ready: Sequence[Container], variables: dict[str, dict[str, str]]
    ) -> None:
        """A pull is broken off when the task is to stop, a start never."""
        task = self._task
        task.pull_started_at = task.pull_started_at or self._clock.now()
        images = dict[str, Image]()
        for container in ready:
            with self._essential_or_else(container):
                pull = self._containers.pull(task, container)
                images[container.name] = await self._unless_unwanted(pull)
        task.pull_stopped_at = self._clock.now()
        for container in (one for one in ready if one.name in images):
            self._check_wanted()
            image, own = images[container.name], variables.pop(container.name)
            with self._essential_or_else(container):
                self._watch(container, await self._containers.launch(task, container, image, own))

    def _check_wanted(self) -> None:
        if not self._task.wanted and not self._task.unheard_of:
            raise Unwanted

    async def _unless_unwanted(self, work: Coroutine[Any, Any, T]) -> T:
        doing = asyncio.ensure_future(work)
        try:
            while not doing.done():
                self._check_wanted()
                news = asyncio.ensure_future(self._news.wait())
                try:
                    await asyncio.wait({doing, news}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    news.cancel()
            return doing.result()
        finally:
            doing.cancel()

    def _watch(self, container: Container, started: Started) -> None:
        self._alive[container.name] = started
        self._begin(self._until_it_ends(container, started))
        if self._lost:
            self._begin(started.signal(signal.SIGKILL))
        self.hear()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        watch = asyncio.create_task(work)
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return watch

    async def _until_it_ends(self, container: Container, first: Started) -> None:
        """For good: one that is restarted is the same container."""
        started: Started | None = first
        while started:
            self._alive[container.name] = started
            code = await self._checked(container, started)
            container.exit_code = None if self._lost else code
            container.reason = OUT_OF_MEMORY if started.out_of_memory else container.reason
            over, started = started, await self._restarted(container, code)
        container.last_status, container.finished_at = "STOPPED", self._clock.now()
        self._alive.pop(container.name, None)
        self._ended(self._task, container)
        self.hear()
        await over.last_lines()

    async def _restarted(self, container: Container, code: int) -> Started | None:
        ran_for, unwanted = self._age(container), self._lost or not self._task.wanted
        if unwanted or not restarts.again(container.definition, code, ran_for):
            return None
        try:
            started = await self._containers.restart(self._task, container)
        except (CannotStart, Unresolved):
            return None
        container.exit_code = container.reason = None
        container.health_status = checkups.UNKNOWN
        self._changed(self._task)
        return started

    async def _checked(self, container: Container, started: Started) -> int:
        """Its exit code; as long as it runs, its health is looked at."""
        checkup = checkups.read(container.definition)
        if checkup is None:
            return await started.wait()
        checking = self._begin(
            examine(
                self._clock,
                started,
                checkup,
                container.health_status,
                age=lambda: self._age(container),
                ill=lambda: self._containers.ill(self._task, container),
                told=lambda status: self._examined(container, status),
            )
        )
        try:
            return await started.wait()
        finally:
            checking.cancel()

    def _examined(self, container: Container, status: str) -> None:
        container.health_status = status
        self._changed(self._task)
        self.hear()

    async def _stop(self, container: Container) -> None:
        definitions = [one.definition for one in self._task.containers]
        before = set(dependencies.dependents(container.name, definitions))
        while before & self._alive.keys():
            await self._news.wait()
        if container.name not in self._alive:
            return
        await self._signal(container, signal.SIGTERM)
        patience = container.definition.get("stopTimeout", STOP_TIMEOUT_SECONDS)
        with suppress(TimeoutError):
            async with self._clock.timeout(patience):
                await self._gone(container)
                return
        await self._signal(container, signal.SIGKILL)
        await self._gone(container)

    async def _signal(self, container: Container, number: int) -> None:
        if started := self._alive.get(container.name):
            await started.signal(number)

    async def _gone(self, container: Container) -> None:
        while container.name in self._alive:
            await self._news.wait()

    def _age(self, container: Container) -> float:
        since = container.started_at or self._task.created_at
        return (self._clock.now() - since).total_seconds()
