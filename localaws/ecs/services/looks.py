"""When a service is to be looked at again though nothing told that it changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from localaws.ecs.model import Life, Service
from localaws.ecs.services.backoff import WELL

BALANCED_SECONDS = 0.05  # while load balancers are asked for the health of what starts or ends
STEADY_SECONDS = 0.5  # and of what is steady
UNSETTLED_SECONDS = 15.0  # whatever it waits for
REPEATS = timedelta(hours=6)


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
    for task in service.tasks:
        if task.status is Life.RUNNING and task.started_at and not task.targets:
            if task.healthy_since is None:
                yield _until(task.started_at + timedelta(seconds=settles), now)
            elif task.deployment and task.deployment.backoff.crashes:
                yield _until(task.healthy_since + WELL, now)


def _until(at: datetime, now: datetime) -> float:
    return (at - now).total_seconds()
