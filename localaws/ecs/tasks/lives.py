"""The life of each task, from PROVISIONING to STOPPED.

A coroutine tells how it begins, another how it ends; in between there are only those that wait
for its containers. Where each of them is can be told from the task itself, so that `resume` finds
its way back into every life.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any

from localaws.ecs import messages
from localaws.ecs.balancing import Balancing
from localaws.ecs.model import Container, Life, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.tasks.agent import Agent
from localaws.ecs.tasks.containers import Containers
from localaws.ecs.tasks.crew import Crew, FailedToStart, Unwanted

log = logging.getLogger(__name__)
ORDER = list(Life)


class Lives:
    def __init__(
        self,
        world: World,
        containers: Containers,
        notices: Notices,
        agent: Agent,
        *,
        changed: Callable[[Task], None],
        stopping: Callable[[Task], None],
        over: Callable[[Task], None],
    ) -> None:
        """`stopping` is told once of each task no longer wanted, `over` when it is STOPPED."""
        self._clock, self._containers, self._notices = world.clock, containers, notices
        self._agent, self._balancing = agent, Balancing(world)
        self._changed, self._stopping, self._over = changed, stopping, over
        self._crews: dict[str, Crew] = {}  # by task, of those that are not STOPPED
        self._stories: dict[str, asyncio.Task[None]] = {}  # by task, of those that begin or end
        self._orphans = defaultdict[str, list[Crew]](list)  # by EC2 id, of those ECS has given up

    def begin(self, task: Task) -> None:
        self._admit(task)
        task.updated_at = task.created_at
        self._notices.task_changed(task)
        if task.placed_on:
            self._tell_story(task, self._start(task))

    def go_on(self, task: Task) -> None:
        """It has waited for an instance, and has one."""
        self._tell_story(task, self._start(task))

    def stop(self, task: Task, code: str, reason: str) -> None:
        """The first reason stands."""
        if not task.wanted:
            return
        self._unwant(task, code, reason)
        if task.status in (Life.ACTIVATING, Life.RUNNING):
            self._move(task, Life.DEACTIVATING)
        else:
            self._tell(task)
        if task.id in self._stories:
            self._crews[task.id].hear()
        else:
            self._tell_story(task, self._finish(task))

    async def resume(self, tasks: Iterable[Task]) -> None:
        """After the local AWS was started again; nothing was told of anyone yet."""
        alive = [task for task in tasks if not task.over]
        for task in alive:
            self._admit(task)
            await self._crews[task.id].adopt()
        await self._containers.end_unadopted()
        for task in alive:
            self._tell_story(task, self._go_on(task))

    def lose(self, task: Task, reason: str) -> None:
        """Its host is gone: nobody waits for anything, and no exit code is known."""
        task.ended_with_host = True
        self.stop(task, "TerminationNotice", reason)
        self._crews[task.id].lose()

    def perish(self, task: Task) -> None:
        """Its containers end with their host, of which ECS does not learn."""
        self._crews[task.id].lose()

    def lose_sight(self, task: Task) -> None:
        """Its agent is away: what ECS knows of it is what it was."""
        task.connected, task.last_known = False, [replace(one) for one in task.containers]

    def catch_up(self, task: Task) -> None:
        """Its agent is back, tells what there is, and does what it was to do."""
        task.connected, task.connected_at = True, self._clock.now()
        known, task.last_known = task.last_known, None
        if any(one.essential and one.last_status == "STOPPED" for one in task.containers):
            self.stop(task, "EssentialContainerExited", messages.ESSENTIAL_EXITED)
        elif known != task.containers:
            self._tell(task)
        self._crews[task.id].hear()

    def orphan(self, task: Task, reason: str) -> None:
        """ECS gives it up at once, while its containers run until their host ends."""
        if story := self._stories.pop(task.id, None):
            story.cancel()
        if task.wanted:
            self._unwant(task, "UserInitiated", reason)
        self._balancing.deregister(task)
        task.last_known = [replace(one, last_status="STOPPED") for one in task.containers]
        self._orphans[task.instance.ec2_instance_id].append(self._crews[task.id])
        self._end(task)

    def end_orphans(self, ec2_instance_id: str) -> None:
        for crew in self._orphans.pop(ec2_instance_id, ()):
            crew.lose()

    async def shut_down(self) -> None:
        """The stories end unfinished; the driver ends what still runs, if it is to end."""
        stories = list(self._stories.values())
        for story in stories:
            story.cancel()
        await asyncio.gather(*stories, return_exceptions=True)
        orphans = itertools.chain(*self._orphans.values())
        await asyncio.gather(*(crew.abandon() for crew in (*self._crews.values(), *orphans)))
        await self._containers.abandon()

    def _admit(self, task: Task) -> None:
        self._agent.admit(task)
        self._crews[task.id] = Crew(
            self._clock,
            self._containers,
            task,
            changed=self._changed,
            ended=self._container_ended,
        )

    def _tell_story(self, task: Task, work: Coroutine[Any, Any, None]) -> None:
        async def story() -> None:
            try:
                await work
                if not task.wanted:
                    await self._finish(task)
            except Exception:
                log.exception("the local AWS failed at the life of task %s", task.id)
            finally:
                self._stories.pop(task.id, None)

        self._stories[task.id] = asyncio.create_task(story())

    async def _start(self, task: Task) -> None:
        self._advance(task, Life.PENDING)
        try:
            await self._crews[task.id].start()
        except Unwanted:
            return
        except FailedToStart as error:
            await self._heard(task)
            self.stop(task, "TaskFailedToStart", str(error))
        except Exception as error:
            log.exception("the local AWS failed at starting task %s", task.id)
            self.stop(task, "TaskFailedToStart", f"The local AWS failed: {type(error).__name__}")
        await self._heard(task)
        if task.wanted:
            self._activate(task)

    async def _heard(self, task: Task) -> None:
        """Returns once ECS and the task's agent hear of each other."""
        while task.unheard_of:
            await self._crews[task.id].news()

    def _activate(self, task: Task) -> None:
        if task.deployment and task.deployment.load_balancers:
            self._advance(task, Life.ACTIVATING)
            self._balancing.register(task)
        task.started_at = task.started_at or self._clock.now()
        self._advance(task, Life.RUNNING)

    async def _go_on(self, task: Task) -> None:
        await self._heard(task)
        for container in task.containers:
            if container.essential and container.last_status == "STOPPED":
                self.stop(task, "EssentialContainerExited", messages.ESSENTIAL_EXITED)
        if not task.wanted or task.placed_on is None:
            return
        if ORDER.index(task.status) <= ORDER.index(Life.PENDING):
            await self._start(task)
        else:
            self._activate(task)

    async def _finish(self, task: Task) -> None:
        """From wherever it is."""
        if task.status is Life.STOPPED:
            return
        await self._deactivate(task)
        self._advance(task, Life.STOPPING)
        await self._heard(task)
        await self._crews[task.id].stop()
        task.execution_stopped_at = task.execution_stopped_at or self._clock.now()
        self._advance(task, Life.DEPROVISIONING)
        for container in task.containers:
            container.last_status = "STOPPED"
        self._end(task)

    def _end(self, task: Task) -> None:
        task.stopped_at = self._clock.now()
        self._advance(task, Life.STOPPED)
        self._agent.forget(task)
        del self._crews[task.id]
        self._over(task)

    def _unwant(self, task: Task, code: str, reason: str) -> None:
        task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
        task.stopping_at = self._clock.now()
        self._stopping(task)

    async def _deactivate(self, task: Task) -> None:
        """SIGTERM waits until the load balancer has drained the task, as on AWS."""
        self._balancing.deregister(task)
        self._changed(task)
        if not task.targets:
            return
        waits = [
            asyncio.ensure_future(self._balancing.drained(task)),
            asyncio.ensure_future(self._crews[task.id].dead()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _container_ended(self, task: Task, container: Container) -> None:
        if task.unheard_of:
            return
        if container.essential:
            self.stop(task, "EssentialContainerExited", messages.ESSENTIAL_EXITED)
        elif task.wanted:
            self._tell(task)

    def _advance(self, task: Task, status: Life) -> None:
        """Nothing, if it is there already, or beyond."""
        if ORDER.index(task.status) < ORDER.index(status):
            self._move(task, status)

    def _move(self, task: Task, status: Life) -> None:
        task.status = status
        self._tell(task)

    def _tell(self, task: Task) -> None:
        task.version += 1
        task.updated_at = self._clock.now()
        self._notices.task_changed(task)
        self._changed(task)
