"""Whether a task serves: by its load balancers, or by having lasted a while. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from localaws.ecs.model import Target
from localaws.ecs.needs import TargetHealth


@dataclass(frozen=True)
class Health:
    serves: bool
    sick: Target | None = None  # the target for which the task must go
    why: str = ""


def judge(
    targets: Sequence[tuple[Target, TargetHealth | None]],
    running_for: float,
    grace: float,
    settles: float,
) -> Health:
    """In seconds. In its grace period a task that is unhealthy is let be; without any health
    check it serves after it has settled."""
    for target, health in targets:
        if health and health.state == "unhealthy" and running_for >= grace:
            return Health(serves=False, sick=target, why=health.description or "")
    if not targets:
        return Health(serves=running_for >= settles)
    return Health(serves=all(health and health.state == "healthy" for _, health in targets))
