"""Target tracking of what ECS measures: out at once, in after a quarter of an hour, never while
an instance warms up.

AmazonECS/latest/developerguide/cluster-auto-scaling.html,
autoscaling/ec2/userguide/as-scaling-target-tracking.html
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from localaws.autoscaling import alarms, capacity, causes
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import Group, Life, Policy, State

if TYPE_CHECKING:
    from localaws.world import World

LOW_FOR = timedelta(seconds=alarms.LOW_PERIODS * alarms.PERIOD_SECONDS)


async def measured(
    world: World, state: State, keeper: Keeper, group_name: str, policy_name: str, value: float
) -> None:
    group = state.groups.get(group_name)
    policy = group.policies.get(policy_name) if group else None
    if group is None or policy is None:
        return
    now, target = world.clock.now(), policy.settings["TargetTrackingConfiguration"]["TargetValue"]
    policy.low_since = None if value >= target else policy.low_since or now
    low = policy.low_since is not None and now - policy.low_since >= LOW_FOR
    why = f"Threshold Crossed: 1 datapoint [{value}] against the threshold ({target})."
    await alarms.tell(world, policy, "AlarmHigh", alarming=value > target, why=why)
    await alarms.tell(world, policy, "AlarmLow", alarming=low, why=why)
    if _acts(group, policy) and not _warming(group, policy, now):
        side = "AlarmHigh" if value > target else "AlarmLow" if low else None
        _scale(world, keeper, group, policy, side, tracked(_serving(group), value, target))


def tracked(serving: int, value: float, target: float) -> int:
    """The fewest instances with which the metric would be at its target; pure. Where none
    serve, they are counted as one: 200 percent make two of them."""
    return math.ceil(round(max(serving, 1) * value / target, 6))


def _scale(
    world: World, keeper: Keeper, group: Group, policy: Policy, side: str | None, wanted: int
) -> None:
    """By an alarm only its own way, within the group's bounds."""
    desired = max(group.minimum, min(wanted, group.maximum))
    out = side == "AlarmHigh" and desired > group.desired
    in_ = side == "AlarmLow" and desired < group.desired
    if side and (out or in_):
        now, alarm = world.clock.now(), policy.alarms[side]
        why = causes.alarmed(now, alarm, policy.name, group.desired, desired)
        capacity.change(world, keeper, group, desired, why)


def _acts(group: Group, policy: Policy) -> bool:
    enabled: bool = policy.settings["Enabled"]
    return enabled and not group.deleting and "AlarmNotification" not in group.suspended


def _warming(group: Group, policy: Policy, now: datetime) -> bool:
    warmup = timedelta(seconds=policy.settings.get("EstimatedInstanceWarmup", 0))
    return bool(group.coming) or any(
        now - one.launched_at < warmup
        for one in group.members.values()
        if one.life is Life.IN_SERVICE
    )


def _serving(group: Group) -> int:
    return sum(one.life is Life.IN_SERVICE for one in group.members.values())
