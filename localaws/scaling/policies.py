"""Scaling policies: put, described, deleted, with the alarms that belong to them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.scaling import alarms, configurations, keys, targets
from localaws.scaling.model import Key, Policy, State
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

Json = dict[str, Any]
MOST = 50  # of a scalable target


async def put(world: World, state: State, params: Json) -> Json:
    """Makes or changes one; target tracking gets its alarms anew."""
    target = targets.find(state, params)
    present = state.policies.get((target.key, params["PolicyName"]))
    kind = params.get("PolicyType") or (present.kind if present else "StepScaling")
    if present and present.kind != kind:
        raise keys.invalid("The type of a scaling policy cannot be changed")
    configuration = configurations.read(kind, params, present)
    policy = present or _new(world, state, target.key, params["PolicyName"], kind)
    policy.configuration = configuration
    state.policies[policy.key, policy.name] = policy
    if policy.tracking:
        await alarms.make(world, policy)
    made = [alarms.reference(world, name) for name in policy.alarms]
    return {"PolicyARN": policy.arn, "Alarms": made}


async def delete(world: World, state: State, params: Json) -> Json:
    """A step policy's alarms stay: they are whoever's made them."""
    key = targets.find(state, params).key
    policy = state.policies.pop((key, params["PolicyName"]), None)
    if policy is None:
        raise AwsError(
            "ObjectNotFoundException",
            f"No scaling policy found for {key}, policy name: {params['PolicyName']}",
        )
    await alarms.delete(world, policy)
    return {}


async def delete_all(world: World, state: State, key: Key) -> None:
    for policy in of(state, key):
        del state.policies[key, policy.name]
        await alarms.delete(world, policy)


async def describe(world: World, state: State, params: Json) -> Json:
    found = keys.chosen(state.policies.values(), params, lambda one: one.key)
    names = params.get("PolicyNames")
    found = [one for one in found if not names or one.name in names]
    shown = keys.page(found, params, "ScalingPolicies", 10)
    shown["ScalingPolicies"] = [await _shown(world, one) for one in shown["ScalingPolicies"]]
    return shown


def of(state: State, key: Key) -> list[Policy]:
    return [one for one in state.policies.values() if one.key == key]


def _new(world: World, state: State, key: Key, name: str, kind: str) -> Policy:
    if len(of(state, key)) >= MOST:
        raise AwsError("LimitExceededException", f"A scalable target has at most {MOST} policies")
    resource = (
        f"scalingPolicy:{uuid.uuid4()}:resource/{key.namespace}/{key.resource}:policyName/{name}"
    )
    return Policy(name, key, world.arn("autoscaling", resource), kind, {}, world.clock.now())


async def _shown(world: World, policy: Policy) -> Json:
    attached = [one["AlarmName"] for one in await alarms.of(world, policy)]
    return {
        **policy.key.shown,
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        "PolicyType": policy.kind,
        configurations.NAMES[policy.kind]: policy.configuration,
        "Alarms": [alarms.reference(world, name) for name in attached],
        "CreationTime": policy.created_at,
    }
