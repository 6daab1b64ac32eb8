"""Tasks in PROVISIONING: where their capacity provider scales, they wait for an instance.

https://aws.amazon.com/blogs/containers/deep-dive-on-amazon-ecs-cluster-auto-scaling/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta

from localaws.ecs import messages
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Instance, State, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.placing import Placing

MOST = 500  # of a cluster (general/latest/gr/ecs-service.html, Tasks in PROVISIONING state)
PATIENCE = timedelta(minutes=15)  # on AWS between 10 and 30


class Waiting:
    def __init__(
        self, world: World, state: State, fleet: Fleet, notices: Notices, lives: Lives
    ) -> None:
        self._world, self._state, self._fleet = world, state, fleet
        self._notices, self._lives = notices, lives
        self._placing = Placing(state, fleet)
        self._tasks = dict[str, Task]()  # by id, in the order in which they came

    def resume(self) -> None:
        for task in self._state.tasks.values():
            if task.placed_on is None and task.wanted:
                self._tasks[task.id] = task

    def allows(self, provider: str | None) -> bool:
        """Whether a task that finds no instance waits for one."""
        return provider is not None and self._state.providers[provider].scales

    def full(self, cluster: str) -> bool:
        return sum(1 for _ in self.of(cluster)) >= MOST

    def of(self, cluster: str, provider: str | None = None) -> Iterator[Task]:
        for task in self._tasks.values():
            if task.cluster == cluster and provider in (None, task.capacity_provider):
                yield task

    def add(self, task: Task) -> None:
        self._tasks[task.id] = task

    def drop(self, task: Task) -> None:
        """It is no longer wanted."""
        self._tasks.pop(task.id, None)

    def look(self) -> None:
        """There may be room: first come, first served."""
        hopeless = set[str]()  # what there is no room for, the same for all tasks alike
        for task in list(self._tasks.values()):
            need = _alike(task)
            if need in hopeless:
                continue
            found = self._find(task)
            if isinstance(found, Refused):
                hopeless.add(need)
            else:
                self._settle(task, found)

    def give_up(self) -> None:
        """On those that have waited for too long."""
        now = self._world.clock.now()
        for task in list(self._tasks.values()):
            if now - task.created_at >= PATIENCE:
                self._give_up(task)

    def _settle(self, task: Task, instance: Instance) -> None:
        del self._tasks[task.id]
        task.placed_on = instance
        self._fleet.took(task)
        self._lives.go_on(task)

    def _give_up(self, task: Task) -> None:
        found = self._find(task)
        if not isinstance(found, Refused):
            self._settle(task, found)
            return
        mine = [
            one
            for one in self._state.instances.values()
            if one.cluster == task.cluster and one.capacity_provider == task.capacity_provider
        ]
        if task.service:
            said = messages.unplaced(
                task.service.name, found.closest, _reason(found, mine), messages.PROVIDER
            )
            if self._notices.say_once(task.service, said):
                self._notices.not_placed(task.service, found)
        self._lives.stop(task, "TaskFailedToStart", _reason(found, mine))

    def _find(self, task: Task) -> Instance | Refused:
        return self._placing.find(
            task.cluster,
            task.definition,
            task.group,
            task.overrides,
            task.placement,
            task.capacity_provider,
        )


def _reason(refused: Refused, instances: Iterable[Instance]) -> str:
    """AmazonECS/latest/developerguide/api_failures_messages.html"""
    statuses = {one.status for one in instances}
    if not statuses:
        return "EMPTY CAPACITY PROVIDER"
    if "ACTIVE" not in statuses:
        return "NO ACTIVE INSTANCES"
    return refused.reasons[refused.closest or ""]


def _alike(task: Task) -> str:
    return json.dumps(
        [
            task.cluster,
            task.capacity_provider,
            task.definition.arn,
            task.group,
            task.overrides,
            task.placement,
        ]
    )
