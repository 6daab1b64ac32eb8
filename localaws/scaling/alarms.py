"""The CloudWatch alarms of target tracking: made with their policy, named and worded as AWS does,
and deleted with it. CloudWatch itself is moto's; states are ours to find out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localaws.scaling import metrics
from localaws.scaling.model import Policy

if TYPE_CHECKING:
    from localaws.world import World

Json = dict[str, Any]
HIGH_PERIODS, LOW_PERIODS, PERIOD_SECONDS = 3, 15, 60
LOW_SHARE = 0.9  # of the target value: below it, and only there, capacity is too much


@dataclass(frozen=True)
class Alarm:
    """What of a CloudWatch alarm scaling depends on, whoever made it."""

    name: str
    metric: Json  # its MetricName, Namespace, Dimensions, Statistic
    threshold: float
    comparison: str
    periods: int
    period_seconds: int
    needed: int  # datapoints to alarm
    missing: str  # TreatMissingData
    state: str
    acts: bool

    @property
    def high(self) -> bool:
        return self.comparison.startswith("GreaterThan")


def wanted(policy: Policy) -> list[Json]:
    """What CloudWatch is to be given for a target tracking policy, in boto3's shape."""
    target = policy.configuration["TargetValue"]
    high = ("AlarmHigh", "GreaterThanThreshold", float(target), HIGH_PERIODS)
    low = ("AlarmLow", "LessThanThreshold", round(target * LOW_SHARE, 6), LOW_PERIODS)
    sides = [high] if policy.configuration.get("DisableScaleIn") else [high, low]
    return [
        {
            "AlarmName": f"TargetTracking-{policy.key.resource}-{side}-{uuid.uuid4()}",
            "AlarmDescription": (
                f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}."
            ),
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            "Period": PERIOD_SECONDS,
            "AlarmActions": [policy.arn],
            **metrics.of(policy),
        }
        for side, comparison, threshold, periods in sides
    ]


async def make(world: World, policy: Policy) -> None:
    """Anew: those it had are deleted."""
    await delete(world, policy)
    for alarm in wanted(policy):
        await world.aws.call("cloudwatch", "PutMetricAlarm", alarm)
        policy.alarms.append(alarm["AlarmName"])
        why = "Unchecked: Initial alarm creation"
        await tell(world, alarm["AlarmName"], "INSUFFICIENT_DATA", why)


async def delete(world: World, policy: Policy) -> None:
    names, policy.alarms = policy.alarms, []
    if names:
        await world.aws.call("cloudwatch", "DeleteAlarms", {"AlarmNames": names})


async def of(world: World, policy: Policy) -> list[Json]:
    """Every metric alarm whose action is the policy."""
    answer = await world.aws.call("cloudwatch", "DescribeAlarms", {"ActionPrefix": policy.arn})
    return [one for one in answer["MetricAlarms"] if policy.arn in one.get("AlarmActions", [])]


async def tell(world: World, name: str, state: str, reason: str) -> None:
    params = {"AlarmName": name, "StateValue": state, "StateReason": reason}
    await world.aws.call("cloudwatch", "SetAlarmState", params)


def read(shown: Json) -> Alarm:
    return Alarm(
        name=shown["AlarmName"],
        metric=metrics.named(shown),
        threshold=shown["Threshold"],
        comparison=shown["ComparisonOperator"],
        periods=shown["EvaluationPeriods"],
        period_seconds=shown.get("Period") or PERIOD_SECONDS,
        needed=shown.get("DatapointsToAlarm") or shown["EvaluationPeriods"],
        missing=shown.get("TreatMissingData") or "missing",
        state=shown["StateValue"],
        acts=shown.get("ActionsEnabled", True),
    )


def reference(world: World, name: str) -> Json:
    return {"AlarmName": name, "AlarmARN": world.arn("cloudwatch", f"alarm:{name}")}
