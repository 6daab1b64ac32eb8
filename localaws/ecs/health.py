"""Whether a task serves, by what the load balancer says of its targets. Pure."""

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
    targets: Sequence[tuple[Target, TargetHealth | None]], *, running: bool, in_grace: bool
) -> Health:
    """In its grace period a task is not stopped; it does not serve before it is healthy."""
    if not running:
        return Health(serves=False)
    for target, health in targets:
        if health and health.state == "unhealthy" and not in_grace:
            return Health(serves=False, sick=target, why=health.description or "")
    return Health(serves=all(health and health.state == "healthy" for _, health in targets))
