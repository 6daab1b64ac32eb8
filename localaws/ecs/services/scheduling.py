"""One step of the service scheduler: from what a service has to what it stops and starts. Pure.

AWS's rules: never fewer healthy tasks than the floor, never more tasks than the ceiling; stop
before starting where the ceiling is reached, start before stopping where the floor is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from localaws.ecs.services import percentages


@dataclass(frozen=True)
class TaskView:
    """A task that is wanted: its desired status is RUNNING."""

    id: str
    deployment: str
    zone: str
    created: float  # any clock; larger is newer
    healthy: bool  # running, and all its targets healthy
    sick: str | None = None  # why it must go at once
    leaving: bool = False  # its instance is being drained


@dataclass(frozen=True)
class ServiceView:
    desired: int
    minimum_healthy_percent: int
    maximum_percent: int
    primary: str  # deployment id
    failed: bool  # the primary's rollout has: nothing starts, nothing is replaced
    may_start: bool  # not backing off
    tasks: Sequence[TaskView]


@dataclass(frozen=True)
class Step:
    sick: tuple[TaskView, ...]
    stop: tuple[TaskView, ...]
    start: int
    stuck: bool  # the percentages allow no move, ever


def step(service: ServiceView) -> Step:
    sick = tuple(task for task in service.tasks if task.sick)
    well = [task for task in service.tasks if not task.sick]
    keep = [task for task in well if task.deployment == service.primary and not task.leaving]
    retire = [task for task in well if task not in keep]
    surplus = _choose(keep, len(keep) - service.desired)
    keep = [task for task in keep if task not in surplus]
    retired = _retirable(service, keep, retire)
    start = _startable(service, len(keep), len(retire) - len(retired))
    return Step(
        sick=sick,
        stop=(*surplus, *retired),
        start=start if service.may_start else 0,
        stuck=_stuck(service, retire, moves=bool(surplus or retired or start or sick)),
    )


def _retirable(
    service: ServiceView, keep: Sequence[TaskView], retire: Sequence[TaskView]
) -> list[TaskView]:
    if service.failed:
        return _choose(retire, len(keep) + len(retire) - service.desired - len(keep))
    useless = [task for task in retire if not task.healthy]
    serving = [task for task in retire if task.healthy]
    healthy = len(serving) + sum(task.healthy for task in keep)
    floor = percentages.floor(service.desired, service.minimum_healthy_percent)
    return useless + _choose(serving, healthy - floor)


def _startable(service: ServiceView, kept: int, remaining: int) -> int:
    if service.failed:
        return 0
    ceiling = percentages.ceiling(service.desired, service.maximum_percent)
    return max(0, min(service.desired - kept, ceiling - kept - remaining))


def _stuck(service: ServiceView, retire: Sequence[TaskView], *, moves: bool) -> bool:
    if moves or service.failed or not retire:
        return False
    floor = percentages.floor(service.desired, service.minimum_healthy_percent)
    ceiling = percentages.ceiling(service.desired, service.maximum_percent)
    return ceiling <= service.desired <= floor


def _choose(tasks: Iterable[TaskView], count: int) -> list[TaskView]:
    """Whom to stop: the unhealthy first, then from the fullest zone, the oldest there."""
    left, chosen = list(tasks), list[TaskView]()
    while left and len(chosen) < count:
        zones = Counter(task.zone for task in left)
        chosen.append(min(left, key=lambda task: (task.healthy, -zones[task.zone], task.created)))
        left.remove(chosen[-1])
    return chosen
