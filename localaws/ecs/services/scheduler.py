"""The service scheduler: steps a service when something of it has changed, or when it is due."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime, timedelta

from localaws.ecs.model import Service, State, Task
from localaws.ecs.needs import World
from localaws.ecs.services.agenda import Agenda
from localaws.ecs.services.rebalancing import enabled
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.services.steps import Steps

log = logging.getLogger(__name__)
GATHER_SECONDS = 0.005  # many changes at once are one
AGAIN_SECONDS = 1.0  # after a step that failed
TASKS_KEPT = timedelta(hours=1)  # after they stopped
SERVICES_KEPT = timedelta(hours=1)  # after they became INACTIVE
Key = tuple[str, str]  # of a service: cluster and name
SWEEP: Key = ("", "")


class Scheduler:
    def __init__(self, world: World, state: State, rollouts: Rollouts) -> None:
        self._world, self._state, self._rollouts = world, state, rollouts
        self._agenda = Agenda[Key](world.clock)
        self._waiting: set[Key] = set()  # for room
        self._gone: deque[tuple[datetime, Task | Service]] = deque()  # shown for a while yet
        self.steps: Steps

    def wake(self, service: Service | None = None) -> None:
        """It has changed; None: the instances have."""
        if service:
            self._agenda.put((service.cluster, service.name), GATHER_SECONDS)
            return
        for key, one in self._state.services.items():
            one.moves_after, one.even = None, False
            leaves = any(it.leaving for it in one.tasks)
            if key in self._waiting or leaves or enabled(one.settings, one.configuration):
                self._agenda.put(key, GATHER_SECONDS)

    def changed(self, task: Task) -> None:
        if task.service:
            self.wake(task.service)

    def stopping(self, task: Task) -> None:
        """A task is no longer wanted: was that a failure of its deployment?"""
        if task.stop_code in ("TaskFailedToStart", "EssentialContainerExited"):
            self._rollouts.task_ended(task)

    def over(self, task: Task) -> None:
        """There is room where it was."""
        if task.service:
            task.service.tasks.remove(task)
            self.wake(task.service)
        for key in self._waiting:
            self._agenda.put(key, GATHER_SECONDS)
        self._forget_later(task)

    async def run(self) -> None:
        while True:
            for key in await self._agenda.due():
                if key == SWEEP:
                    self._sweep()
                elif service := self._state.services.get(key):
                    self._step(key, service)

    def resume(self) -> None:
        """From a state that was saved: everything is looked at once."""
        for key in self._state.services:
            self._agenda.put(key, 0)
        for task in self._state.tasks.values():
            self._forget_later(task)
        for service in self._state.services.values():
            self._forget_later(service)
        self._gone = deque(sorted(self._gone, key=lambda one: one[0]))

    def _step(self, key: Key, service: Service) -> None:
        try:
            seconds = self.steps.take(service)
        except Exception:  # one broken service must not stop the others
            log.exception("a step of service %s failed", service.name)
            seconds = AGAIN_SECONDS
        if seconds is not None:
            self._agenda.put(key, seconds)
        if any(one.no_room for one in service.deployments):
            self._waiting.add(key)
        else:
            self._waiting.discard(key)
        if service.status == "INACTIVE":
            self._forget_later(service)

    def _forget_later(self, one: Task | Service) -> None:
        kept = TASKS_KEPT if isinstance(one, Task) else SERVICES_KEPT
        if one.stopped_at:
            self._gone.append((one.stopped_at + kept, one))
            self._agenda.put(SWEEP, (self._gone[0][0] - self._world.clock.now()).total_seconds())

    def _sweep(self) -> None:
        now, state = self._world.clock.now(), self._state
        while self._gone and self._gone[0][0] <= now:
            _, one = self._gone.popleft()
            if isinstance(one, Task):
                state.tasks.pop(one.id, None)
            elif state.services.get((one.cluster, one.name)) is one:
                del state.services[one.cluster, one.name]
            state.tags.pop(one.arn, None)
        if self._gone:
            self._agenda.put(SWEEP, (self._gone[0][0] - now).total_seconds())
