"""When a service is to be looked at again though nothing told that it changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from localaws.ecs.model import Life, Service, Task
from localaws.ecs.services.backoff import WELL

BALANCED_SECONDS = 0.05  # while load balancers are asked for the health of what starts or ends
STEADY_SECONDS = 0.5  # and of what is steady
UNSETTLED_SECONDS = 15.0  # whatever it waits for
REPEATS = timedelta(hours=6)  # what AWS says of a service at rest


def next_look(service: Service, now: datetime, settles: float) -> float | None:
    """In seconds; None: never."""
    if service.status == "INACTIVE":
        return None
    return max(0.0, min(_looks(service, now, settles)))


def _looks(service: Service, now: datetime, settles: float) -> Iterator[float]:
    steady = service.steady_since is not None
    if service.load_balancers or any(one.targets for one in service.tasks):
        yield STEADY_SECONDS if steady else BALANCED_SECONDS
    if steady and service.steady_said:
        yield _until(service.steady_said + REPEATS, now)
    else:
        yield UNSETTLED_SECONDS
    for deployment in service.deployments:
        if deployment.backoff.until and deployment.backoff.until > now:
            yield _until(deployment.backoff.until, now)
    if service.deployments and (baked := service.primary.record.bakes_until) and baked > now:
        yield _until(baked, now)
    if service.moves_after and service.moves_after > now:
        yield _until(service.moves_after, now)
    for task in service.tasks:
        if task.status is Life.RUNNING and task.started_at:
            yield from _looks_at(task, task.started_at, now, settles, service.grace_seconds)


def _looks_at(
    task: Task, started: datetime, now: datetime, settles: float, grace: float
) -> Iterator[float]:
    """Of its containers' health checks it is told, but not of time that goes by."""
    if task.healthy_since is None and not task.targets and not task.checked:
        yield _until(started + timedelta(seconds=settles), now)
    elif task.healthy_since and task.deployment and task.deployment.backoff.crashes:
        yield _until(task.healthy_since + WELL, now)
    grace_ends = _until(started + timedelta(seconds=grace), now) if grace else 0
    if task.checked and grace_ends > 0:
        yield grace_ends


def _until(at: datetime, now: datetime) -> float:
    return (at - now).total_seconds()
