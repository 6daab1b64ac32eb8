"""What alarms and scaling policies come to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localaws.scaling import decisions, metrics
from localaws.scaling.alarms import Alarm
from localaws.scaling.model import Key, Move, Policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALARM = Alarm("a", {}, 50.0, "GreaterThanThreshold", 3, 60, 3, "missing", "OK", acts=True)


def a_policy(kind: str = "TargetTrackingScaling", **configuration: object) -> Policy:
    key = Key("ecs", "service/c/s", "ecs:service:DesiredCount")
    return Policy("p", key, "arn", kind, configuration, NOW)


@pytest.mark.parametrize(
    ("datapoints", "expected"),
    [
        ([51, 60, 70], "ALARM"),
        ([50, 60, 70], "OK"),
        ([None, 60, 70], "OK"),
        ([None, None, None], "INSUFFICIENT_DATA"),
    ],
)
def test_an_alarm_needs_every_period_in_breach(
    datapoints: Sequence[float | None], expected: str
) -> None:
    assert decisions.alarm_state(ALARM, datapoints) == expected


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "OK"), ("missing", "OK")],
)
def test_a_gap_is_what_the_alarm_says_it_is(missing: str, expected: str) -> None:
    alarm = replace(ALARM, missing=missing)

    assert decisions.alarm_state(alarm, [None, 60, 70]) == expected


def test_an_alarm_that_rings_goes_on_over_a_gap_that_could_be_a_breach() -> None:
    ringing = replace(ALARM, state="ALARM")

    assert decisions.alarm_state(ringing, [70, 60, None]) == "ALARM"
    assert decisions.alarm_state(ringing, [70, 40, None]) == "OK"


@pytest.mark.parametrize(
    ("base", "value", "out", "expected"),
    [(4, 75, True, 6), (4, 51, True, 5), (10, 20, False, 4), (0, 60, True, 1), (3, 50, False, 3)],
)
def test_target_tracking_is_proportional(base: int, value: float, out: bool, expected: int) -> None:
    assert decisions.tracked(base, value, 50, out=out) == expected


STEPS: list[dict[str, Any]] = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 10},
    {"MetricIntervalLowerBound": 10, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 20},
    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 30},
]


@pytest.mark.parametrize(("value", "expected"), [(50, 11), (59, 11), (60, 12), (70, 13), (49, 10)])
def test_a_steps_lower_bound_is_inclusive_above_the_threshold(value: float, expected: int) -> None:
    policy = a_policy(
        "StepScaling", AdjustmentType="PercentChangeInCapacity", StepAdjustments=STEPS
    )

    assert decisions.stepped(10, policy, ALARM, [value]) == expected


def test_a_steps_upper_bound_is_inclusive_below_the_threshold() -> None:
    low = replace(ALARM, comparison="LessThanThreshold")
    steps = [
        {"MetricIntervalLowerBound": -10, "MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},
        {"MetricIntervalUpperBound": -10, "ScalingAdjustment": -2},
    ]
    policy = a_policy("StepScaling", AdjustmentType="ChangeInCapacity", StepAdjustments=steps)

    assert decisions.stepped(5, policy, low, [45]) == 4
    assert decisions.stepped(5, policy, low, [40]) == 3


@pytest.mark.parametrize(
    ("percent", "least", "expected"),
    [(25, 0, 12), (5, 0, 11), (-5, 0, 9), (-25, 0, 8), (25, 4, 14), (-5, 3, 7)],
)
def test_a_percentage_is_rounded_towards_none_but_never_to_none(
    percent: int, least: int, expected: int
) -> None:
    policy = a_policy(
        "StepScaling",
        AdjustmentType="PercentChangeInCapacity",
        StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": percent}],
        MinAdjustmentMagnitude=least,
    )

    assert decisions.stepped(10, policy, ALARM, [99]) == expected


def test_during_a_scale_outs_cooldown_what_it_added_counts() -> None:
    policy = a_policy(TargetValue=50, ScaleOutCooldown=60)
    policy.out = Move(NOW, 4)

    assert decisions.base_of(policy, 6, NOW + timedelta(seconds=59), out=True) == 4
    assert decisions.base_of(policy, 6, NOW + timedelta(seconds=60), out=True) == 6


def test_a_scale_ins_cooldown_holds_the_next_and_ends_with_a_scale_out() -> None:
    policy = a_policy(TargetValue=50)
    decisions.moved(policy, NOW, 4, out=False)

    assert decisions.base_of(policy, 3, NOW + timedelta(seconds=299), out=False) is None
    decisions.moved(policy, NOW, 3, out=True)
    assert decisions.base_of(policy, 6, NOW + timedelta(seconds=1), out=False) == 6


def test_a_larger_scale_out_within_the_cooldown_keeps_its_base() -> None:
    policy = a_policy(TargetValue=50)
    decisions.moved(policy, NOW, 4, out=True)

    decisions.moved(policy, NOW + timedelta(seconds=60), 6, out=True)

    assert policy.out == Move(NOW + timedelta(seconds=60), 4)


def test_what_was_told_stands_until_it_is_told_anew() -> None:
    told = [(NOW, 80.0), (NOW + timedelta(minutes=3), None)]

    minutes = [NOW + timedelta(minutes=n) for n in range(5)]
    assert [metrics.standing(told, at) for at in minutes] == [None, 80.0, 80.0, 80.0, None]
