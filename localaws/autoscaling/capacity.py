"""The desired capacity set, by request or by a policy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws.autoscaling import causes
from localaws.autoscaling.asking import invalid, standing
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import Group, State
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]


def set_desired(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    group, desired = standing(state, params["AutoScalingGroupName"]), params["DesiredCapacity"]
    if desired > group.maximum:
        raise invalid(
            f"New SetDesiredCapacity value {desired} is above max value {group.maximum} for the "
            "AutoScalingGroup."
        )
    if desired < group.minimum:
        raise invalid(
            f"New SetDesiredCapacity value {desired} is below min value {group.minimum} for the "
            "AutoScalingGroup."
        )
    if params.get("HonorCooldown"):
        check_cooldown(world, group, group.cooldown)
    change(world, keeper, group, desired, causes.asked(world.clock.now(), group.desired, desired))
    return {}


def change(world: World, keeper: Keeper, group: Group, desired: int, why: str) -> None:
    """Within the group's bounds; a launch that is put off is tried at once."""
    if desired != group.desired:
        group.desired, group.why = desired, why
        group.scaled_at = world.clock.now()
    group.next_launch = None
    keeper.wake(group)


def check_cooldown(world: World, group: Group, seconds: int) -> None:
    cool: datetime | None = group.scaled_at and group.scaled_at + timedelta(seconds=seconds)
    if cool and world.clock.now() < cool:
        raise AwsError(
            "ScalingActivityInProgress",
            f"You cannot scale the AutoScalingGroup {group.name} before its cooldown is over.",
        )
