"""Scalable targets: registered, changed, described, deregistered."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.scaling import activities, capacity, keys
from localaws.scaling.model import Key, State, Target
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

MOST = 3000  # of ECS, in an account and region
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
_ROLE = (
    "aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)


async def register(world: World, state: State, params: dict[str, Any]) -> dict[str, Any]:
    """Makes or changes one, and brings the count into its range.

    The role is ECS's service-linked one, whichever was given: AWS uses no other for ECS.
    """
    key = keys.read(params)
    present = state.targets.get(key)
    minimum, maximum = _range(params, present)
    if await capacity.read(world, key) is None:
        raise keys.invalid(f"ECS service doesn't exist: {key.resource}")
    target = present or _new(world, state, key, params)
    target.minimum, target.maximum = minimum, maximum
    target.suspended |= params.get("SuspendedState", {})
    state.targets[key] = target
    await bring_in(world, state, target)
    return {"ScalableTargetARN": target.arn}


async def bring_in(world: World, state: State, target: Target) -> None:
    """Its count into its range."""
    seen = await capacity.read(world, target.key)
    if seen is None:
        return
    desired = capacity.within(seen.desired, target.minimum, target.maximum)
    if desired != seen.desired:
        limit = "minimum" if desired > seen.desired else "maximum"
        why = f"{limit} capacity was set to {desired}"
        await activities.scale(world, state, target.key, desired, why)


def find(state: State, params: dict[str, Any]) -> Target:
    key = keys.read(params)
    if target := state.targets.get(key):
        return target
    raise keys.no_target(key)


def describe(state: State, params: dict[str, Any]) -> dict[str, Any]:
    found = keys.chosen(state.targets.values(), params, lambda one: one.key)
    return keys.page([_shown(one) for one in found], params, "ScalableTargets", 50)


def _range(params: dict[str, Any], present: Target | None) -> tuple[int, int]:
    minimum = params.get("MinCapacity", present.minimum if present else None)
    maximum = params.get("MaxCapacity", present.maximum if present else None)
    if minimum is None or maximum is None:
        raise keys.invalid("Both MinCapacity and MaxCapacity must be specified for a new target")
    if minimum < 0 or maximum < 0:
        raise keys.invalid("Capacity must be greater than or equal to 0")
    if maximum < minimum:
        raise keys.invalid("Maximum capacity cannot be less than minimum capacity")
    return minimum, maximum


def _new(world: World, state: State, key: Key, params: dict[str, Any]) -> Target:
    if len(state.targets) >= MOST:
        raise AwsError("LimitExceededException", f"You may have {MOST} scalable targets of ecs")
    resource = f"scalable-target/{uuid.uuid4().hex}{uuid.uuid4().hex[:4]}"
    return Target(
        key=key,
        arn=world.arn("application-autoscaling", resource),
        minimum=0,
        maximum=0,
        role_arn=f"arn:aws:iam::{world.account}:role/{_ROLE}",
        created_at=world.clock.now(),
        suspended=dict(NOT_SUSPENDED),
        tags=dict(params.get("Tags", {})),
    )


def _shown(target: Target) -> dict[str, Any]:
    return {
        **target.key.shown,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": target.role_arn,
        "CreationTime": target.created_at,
        "SuspendedState": dict(target.suspended),
        "ScalableTargetARN": target.arn,
    }
