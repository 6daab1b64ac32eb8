"""The CloudWatch alarms of target tracking policies: made and deleted with them, in AWS's words.

CloudWatch is moto's and watches nothing: the states are told by `tracking`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from localaws.autoscaling.model import Group, Json, Policy

if TYPE_CHECKING:
    from localaws.world import World

PERIOD_SECONDS, HIGH_PERIODS, LOW_PERIODS = 60, 1, 15  # of the policies that ECS makes
SIDES = {"AlarmHigh": "GreaterThanThreshold", "AlarmLow": "LessThanThreshold"}


async def put(world: World, group: Group, policy: Policy) -> None:
    """Anew for a policy that is put again, under the names they have."""
    for side in SIDES:
        name = policy.alarms.get(side) or f"TargetTracking-{group.name}-{side}-{uuid.uuid4()}"
        policy.alarms[side] = name
        await world.aws.call("cloudwatch", "PutMetricAlarm", _alarm(policy, side, name))


async def delete(world: World, policies: Iterable[Policy]) -> None:
    names = [name for one in policies for name in one.alarms.values()]
    if names:
        await world.aws.call("cloudwatch", "DeleteAlarms", {"AlarmNames": names})


async def tell(world: World, policy: Policy, side: str, *, alarming: bool, why: str) -> None:
    state = "ALARM" if alarming else "OK"
    if policy.alarm_states.get(side) != state:
        policy.alarm_states[side] = state
        asked = {"AlarmName": policy.alarms[side], "StateValue": state, "StateReason": why}
        await world.aws.call("cloudwatch", "SetAlarmState", asked)


def shown(world: World, policy: Policy) -> list[Json]:
    return [
        {"AlarmName": name, "AlarmARN": world.arn("cloudwatch", f"alarm:{name}")}
        for name in policy.alarms.values()
    ]


def _alarm(policy: Policy, side: str, name: str) -> Json:
    tracked = policy.settings["TargetTrackingConfiguration"]
    return {
        "AlarmName": name,
        "AlarmDescription": (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}."
        ),
        "ActionsEnabled": True,
        "AlarmActions": [policy.arn],
        "ComparisonOperator": SIDES[side],
        "Threshold": tracked["TargetValue"],
        "EvaluationPeriods": HIGH_PERIODS if side == "AlarmHigh" else LOW_PERIODS,
        "Period": PERIOD_SECONDS,
        **tracked["CustomizedMetricSpecification"],
    }
