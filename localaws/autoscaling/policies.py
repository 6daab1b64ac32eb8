"""Scaling policies of groups: put, described, deleted, executed.

Nothing here measures instances: a policy scales when it is executed. Target tracking is of what
the capacity providers of ECS measure: see `tracking`.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any

from localaws.autoscaling import alarms, capacity, causes
from localaws.autoscaling.asking import group as find
from localaws.autoscaling.asking import invalid, page, refuse_unmodelled, standing
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import Group, Json, Policy, State

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]
ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
ECS_METRIC = "AWS/ECS/ManagedScaling"
_BOTH = ("AdjustmentType", "MinAdjustmentMagnitude", "Enabled")
_SETTINGS = {
    "SimpleScaling": ("ScalingAdjustment", "Cooldown", *_BOTH),
    "StepScaling": ("StepAdjustments", "MetricAggregationType", "EstimatedInstanceWarmup", *_BOTH),
    "TargetTrackingScaling": ("TargetTrackingConfiguration", "EstimatedInstanceWarmup", "Enabled"),
}


async def put(world: World, state: State, params: Params) -> Params:
    group, name = standing(state, params["AutoScalingGroupName"]), params["PolicyName"]
    kind = params.get("PolicyType", "SimpleScaling")
    if kind not in _SETTINGS:
        refuse_unmodelled("PutScalingPolicy", {f"PolicyType {kind}": None}, ())
    about = {"AutoScalingGroupName", "PolicyName", "PolicyType"}
    refuse_unmodelled("PutScalingPolicy", params, about | set(_SETTINGS[kind]))
    settings = {key: value for key, value in params.items() if key not in about}
    _check(kind, settings)
    former = group.policies.get(name)
    path = f"scalingPolicy:{uuid.uuid4()}:autoScalingGroupName/{group.name}:policyName/{name}"
    arn = former.arn if former else world.arn("autoscaling", path)
    policy = Policy(name, arn, kind, {"Enabled": True, **settings})
    group.policies[name] = policy
    if former:
        policy.alarms, policy.low_since = former.alarms, former.low_since
    if kind == "TargetTrackingScaling":
        await alarms.put(world, group, policy)
    return {"PolicyARN": arn, "Alarms": alarms.shown(world, policy)}


def describe(world: World, state: State, params: Params) -> Params:
    name, names = params.get("AutoScalingGroupName"), params.get("PolicyNames")
    groups = [find(state, name)] if name else list(state.groups.values())
    shown = [
        _shown(world, group, one)
        for group in groups
        for one in group.policies.values()
        if (not names or one.name in names or one.arn in names)
        and one.kind in params.get("PolicyTypes", (one.kind,))
    ]
    return page(shown, params, "ScalingPolicies", 100, 50)


async def delete(world: World, state: State, params: Params) -> Params:
    group, policy = _find(state, params)
    del group.policies[policy.name]
    await alarms.delete(world, [policy])
    return {}


def execute(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    group, policy = _find(state, params)
    if policy.kind == "TargetTrackingScaling":
        raise invalid("ExecutePolicy is not supported for TargetTrackingScaling policies.")
    if policy.kind == "SimpleScaling" and params.get("HonorCooldown"):
        cooldown = policy.settings.get("Cooldown", group.cooldown)
        capacity.check_cooldown(world, group, cooldown)
    by = _adjustment(policy, params)
    wanted = adjusted(
        group.desired,
        policy.settings["AdjustmentType"],
        by,
        policy.settings.get("MinAdjustmentMagnitude", 0),
    )
    desired = max(group.minimum, min(wanted, group.maximum))
    now = world.clock.now()
    why = causes.executed(now, policy.name, group.desired, desired)
    capacity.change(world, keeper, group, desired, why)
    return {}


def adjusted(current: int, kind: str, by: int, magnitude: int) -> int:
    """A percentage is rounded towards zero, but never to nothing. Pure."""
    match kind:
        case "ExactCapacity":
            return by
        case "ChangeInCapacity":
            return current + by
    share = current * by / 100
    change = math.trunc(share) if abs(share) >= 1 else int(math.copysign(bool(share), share))
    if change and abs(change) < magnitude:
        change = int(math.copysign(magnitude, change))
    return current + change


def _check(kind: str, settings: Json) -> None:
    if kind == "TargetTrackingScaling":
        metric = settings.get("TargetTrackingConfiguration", {})
        if metric.get("CustomizedMetricSpecification", {}).get("Namespace") != ECS_METRIC:
            refuse_unmodelled("PutScalingPolicy", {f"Target tracking but of {ECS_METRIC}": 0}, ())
        return
    if settings.get("AdjustmentType") not in ADJUSTMENTS:
        raise invalid(f"AdjustmentType must be one of {', '.join(ADJUSTMENTS)}.")
    if kind == "SimpleScaling" and "ScalingAdjustment" not in settings:
        raise invalid("ScalingAdjustment must be specified for policy type SimpleScaling.")
    if kind == "StepScaling" and not settings.get("StepAdjustments"):
        raise invalid("StepAdjustments must be specified for policy type StepScaling.")


def _adjustment(policy: Policy, params: Params) -> int:
    if policy.kind == "SimpleScaling":
        return int(policy.settings["ScalingAdjustment"])
    if "MetricValue" not in params or "BreachThreshold" not in params:
        raise invalid("MetricValue and BreachThreshold are required for policy type StepScaling.")
    excess = params["MetricValue"] - params["BreachThreshold"]
    for step in policy.settings["StepAdjustments"]:
        lower = step.get("MetricIntervalLowerBound", -math.inf)
        upper = step.get("MetricIntervalUpperBound", math.inf)
        if lower <= excess < upper or (excess < 0 and lower < excess <= upper):
            return int(step["ScalingAdjustment"])
    raise invalid(f"No step adjustment found for metric value {params['MetricValue']}.")


def _find(state: State, params: Params) -> tuple[Group, Policy]:
    wanted, within = params["PolicyName"], params.get("AutoScalingGroupName")
    groups = [find(state, within)] if within else list(state.groups.values())
    for group in groups:
        for one in group.policies.values():
            if wanted in (one.arn, one.name) and (within or wanted == one.arn):
                return group, one
    raise invalid(f"PolicyName not found: {wanted}")


def _shown(world: World, group: Group, one: Policy) -> Json:
    return {
        "AutoScalingGroupName": group.name,
        "PolicyName": one.name,
        "PolicyARN": one.arn,
        "PolicyType": one.kind,
        "Alarms": alarms.shown(world, one),
        **one.settings,
    }
