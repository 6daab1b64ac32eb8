"""Members whose EC2 status checks fail are unhealthy, once their grace period is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from localaws.autoscaling import causes
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import Life, State

if TYPE_CHECKING:
    from localaws.world import World


def look(world: World, state: State, keeper: Keeper) -> datetime | None:
    """When the next grace period of one of them is over."""
    now, later = world.clock.now(), list[datetime]()
    for group in state.groups.values():
        failing = [one for one in group.members.values() if one.id in world.faults.failed_checks]
        for member in failing:
            if member.life is not Life.IN_SERVICE or "HealthCheck" in group.suspended:
                continue
            if now < group.grace_ends(member):
                later.append(group.grace_ends(member))
            elif not member.unhealthy:
                member.unhealthy = causes.IMPAIRED
                keeper.wake(group)
    return min(later, default=None)
