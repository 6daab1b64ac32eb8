"""One step of the service scheduler: from what a service has to what it stops and starts. Pure.

AWS's rules: never fewer healthy tasks than the floor, never more tasks than the ceiling; stop
before starting where the ceiling is reached, start before stopping where the floor is. What is
unhealthy or lost is replaced in its own revision, an unhealthy task before it is stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from localaws.ecs.services import percentages


class Condition(IntEnum):
    """In the order in which they are stopped when there are too many."""

    UNHEALTHY = 0  # its health checks failed
    STARTING = 1  # not known to serve yet
    HEALTHY = 2


@dataclass(frozen=True)
class TaskView:
    """A task that is wanted: its desired status is RUNNING."""

    id: str
    deployment: str
    zone: str
    instance: str
    created: float  # any clock; larger is newer
    condition: Condition
    leaving: bool = False  # its instance is being drained
    protected: bool = False  # from scale-in and rollouts
    ails: bool = False  # is unhealthy, but let be for its grace period

    @property
    def healthy(self) -> bool:
        return self.condition is Condition.HEALTHY

    @property
    def unhealthy(self) -> bool:
        return self.condition is Condition.UNHEALTHY


@dataclass(frozen=True)
class ServiceView:
    desired: int
    minimum_healthy_percent: int
    maximum_percent: int
    primary: str  # deployment id
    tasks: Sequence[TaskView]
    failed: bool = False  # the primary's rollout has: nothing of it starts
    may_start: bool = True  # not backing off
    standing: str | None = None  # the deployment that served before and is being rolled out of
    share: int = 0  # how many tasks it was left with
    no_room: bool = False  # the last task that was to start found no instance
    moving: int = 0  # tasks that are there to make zones even, until others stop for them

    @property
    def floor(self) -> int:
        return percentages.floor(self.desired, self.minimum_healthy_percent)

    @property
    def ceiling(self) -> int:
        return percentages.ceiling(self.desired, self.maximum_percent)


@dataclass(frozen=True)
class Step:
    sick: tuple[TaskView, ...]  # stopped because they are unhealthy
    stop: tuple[TaskView, ...]  # stopped because there are too many, or newer ones
    start: int  # of the primary deployment
    restore: int  # of the standing one
    share: int  # of the standing one from now on
    stuck: bool  # the percentages allow no move, ever
    held: tuple[TaskView, ...] = ()  # only their protection keeps them


def step(service: ServiceView) -> Step:
    keep = [one for one in service.tasks if one.deployment == service.primary and not one.leaving]
    retire = [one for one in service.tasks if one.deployment != service.primary or one.leaving]
    surplus = _surplus(service, keep)
    retired = _useless(service, keep, retire) + _dispensable(service, keep, retire)
    sick = _replaced(service, keep) + [one for one in retired if one.unhealthy]
    gone = {one.id for one in (*surplus, *retired, *sick)}
    left = [one for one in service.tasks if one.id not in gone]
    room = _ceiling(service, retire) - len(left)
    restore = min(_lost(service, keep, retire), max(room, 0))
    missing = 0 if service.failed else service.desired - _at_work(keep, gone)
    start = max(0, min(missing, room - restore))
    if (not gone and room <= 0) or service.no_room:
        sick += _in_the_way(service, left, missing)
    given_up = sum(one.deployment == service.standing and one.healthy for one in retired)
    return Step(
        sick=tuple(sick),
        stop=tuple(one for one in (*surplus, *retired) if not one.unhealthy),
        start=start if service.may_start else 0,
        restore=restore,
        share=service.share - given_up,
        stuck=_stuck(service, retire, moves=bool(gone or sick or start or restore)),
        held=tuple(_held(service, keep, [one for one in retire if one.id not in gone])),
    )


def _surplus(service: ServiceView, keep: Sequence[TaskView]) -> list[TaskView]:
    at_work = [one for one in keep if not one.unhealthy]
    return _choose(_free(at_work), len(at_work) - service.desired - service.moving)


def _replaced(service: ServiceView, keep: Sequence[TaskView]) -> list[TaskView]:
    """Of the primary's unhealthy tasks, as many as healthy ones replace; after it failed, all.

    One that ails in its grace period replaces too: ECS does not wait for that to end
    (aws/containers-roadmap#2714).
    """
    sick = [one for one in keep if one.unhealthy]
    replacing = sum(one.healthy or one.ails for one in keep)
    count = len(sick) if service.failed else replacing + len(sick) - service.desired
    return _choose(sick, count)


def _useless(
    service: ServiceView, keep: Sequence[TaskView], retire: Sequence[TaskView]
) -> list[TaskView]:
    """Those that do not serve go at once, but for what the standing deployment needs."""
    idle = [one for one in retire if not one.healthy]
    spared = [one for one in idle if one.deployment == service.standing and not one.leaving]
    spared.sort(key=lambda one: one.condition, reverse=True)
    serving = sum(one.healthy for one in _standing(service, retire))
    spared = spared[: max(0, _needed(service, keep) - serving)]
    return [one for one in idle if one not in spared and (one.unhealthy or not one.protected)]


def _dispensable(
    service: ServiceView, keep: Sequence[TaskView], retire: Sequence[TaskView]
) -> list[TaskView]:
    """Of those that serve, whom the floor allows to stop."""
    serving = [one for one in retire if one.healthy]
    if service.failed:
        return _choose(_free(serving), len(serving) - service.desired)
    healthy = len(serving) + sum(one.healthy for one in keep)
    return _choose(_free(serving), healthy - service.floor, last=service.standing)


def _lost(service: ServiceView, keep: Sequence[TaskView], retire: Sequence[TaskView]) -> int:
    """How many tasks of the standing deployment are missed."""
    present = sum(not one.unhealthy for one in _standing(service, retire))
    return max(0, min(_needed(service, keep), service.share) - present)


def _needed(service: ServiceView, keep: Sequence[TaskView]) -> int:
    """How many tasks of the standing deployment must serve, for those of the primary do not."""
    if service.standing is None:
        return 0
    least = service.desired if service.failed else service.floor
    return max(0, least - sum(one.healthy for one in keep))


def _standing(service: ServiceView, retire: Iterable[TaskView]) -> list[TaskView]:
    return [one for one in retire if one.deployment == service.standing and not one.leaving]


def _ceiling(service: ServiceView, retire: Sequence[TaskView]) -> int:
    """It limits rollouts and replacements, never the desired count of a service at rest."""
    rests = not retire and not any(one.unhealthy for one in service.tasks)
    return max(service.ceiling, service.desired) if rests else service.ceiling


def _at_work(keep: Iterable[TaskView], gone: set[str]) -> int:
    return sum(not one.unhealthy and one.id not in gone for one in keep)


def _in_the_way(service: ServiceView, left: Sequence[TaskView], missing: int) -> list[TaskView]:
    """Where no replacement can start first, unhealthy tasks go one at a time."""
    starting = any(one.condition is Condition.STARTING for one in left)
    if starting or (missing <= 0 and service.standing is None):
        return []
    return _choose((one for one in left if one.unhealthy), 1)


def _stuck(service: ServiceView, retire: Sequence[TaskView], *, moves: bool) -> bool:
    if moves or service.failed or not _free(retire):
        return False
    return not percentages.can_roll(
        service.desired, service.minimum_healthy_percent, service.maximum_percent
    )


def _held(
    service: ServiceView, keep: Sequence[TaskView], retire: Sequence[TaskView]
) -> list[TaskView]:
    """When everybody else has gone, or is where it should be."""
    at_work = [one for one in keep if not one.unhealthy]
    healthy = sum(one.healthy for one in keep)
    if len(at_work) - service.desired - service.moving > len(_free(at_work)):
        return [one for one in at_work if one.protected]
    if healthy < service.desired or _free(retire):
        return []
    return list(retire)


def _free(tasks: Iterable[TaskView]) -> list[TaskView]:
    return [one for one in tasks if not one.protected]


def _choose(tasks: Iterable[TaskView], count: int, last: str | None = None) -> list[TaskView]:
    """Whom to stop: who serves least, then from the fullest zone, the fullest instance, the oldest.

    Those of the deployment `last` only when no others are left.
    """
    left, chosen = list(tasks), list[TaskView]()
    zones = Counter(one.zone for one in left)
    instances = Counter(one.instance for one in left)

    def rank(one: TaskView) -> tuple[int, bool, bool, int, int, float]:
        stays = (one.condition, one.deployment == last, not one.leaving)
        return (*stays, -zones[one.zone], -instances[one.instance], one.created)

    while left and len(chosen) < count:
        one = min(left, key=rank)
        left.remove(one)
        zones[one.zone] -= 1
        instances[one.instance] -= 1
        chosen.append(one)
    return chosen
