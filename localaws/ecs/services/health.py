"""Whether a task serves: by its health checks, or by having lasted a while. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from localaws.ecs.model import Target
from localaws.ecs.needs import TargetHealth
from localaws.ecs.tasks.checkups import HEALTHY, UNHEALTHY


@dataclass(frozen=True)
class Health:
    serves: bool
    sick: Target | None = None  # the target for which the task must go
    why: str = ""
    contained: bool = True  # false: it must go for its containers' own health checks
    ails: bool = False  # it would have to go, were it not for its grace period

    @property
    def fails(self) -> bool:
        return self.sick is not None or not self.contained


def judge(
    targets: Sequence[tuple[Target, TargetHealth | None]],
    containers: str | None,
    running_for: float,
    grace: float,
    settles: float,
) -> Health:
    """In seconds; `containers` is the health of the essential ones that have checks, None: there
    are none. In its grace period a task that is unhealthy is let be. It serves when all its health
    checks, those of its load balancers too, pass; without any after it has settled."""
    spared = running_for < grace
    if containers == UNHEALTHY:
        return Health(serves=False, contained=spared, ails=spared)
    for target, health in targets:
        if health and health.state == "unhealthy":
            why = health.description or ""
            return Health(False, ails=True) if spared else Health(False, sick=target, why=why)
    if not targets and containers is None:
        return Health(serves=running_for >= settles)
    balanced = all(health and health.state == "healthy" for _, health in targets)
    return Health(serves=balanced and containers in (None, HEALTHY))
