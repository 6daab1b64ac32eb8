"""What a scaling policy is told to do, checked as Application Auto Scaling checks it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from localaws.scaling import keys
from localaws.scaling.model import Policy
from localaws.wire import AwsError

Json = dict[str, Any]
NAMES = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}
PREDEFINED = (
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization",
    "ALBRequestCountPerTarget",
)
MOST_STEPS = 20
_ADJUSTMENTS = ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")


def read(kind: str, params: Json, present: Policy | None) -> Json:
    if kind == "PredictiveScaling" or "PredictiveScalingPolicyConfiguration" in params:
        raise _unmodelled("PredictiveScaling")
    if kind not in NAMES:
        raise keys.invalid(f"Unknown policy type '{kind}'")
    given = params.get(NAMES[kind], present.configuration if present else None)
    if given is None or len([one for one in NAMES.values() if one in params]) > 1:
        raise keys.invalid(f"A {kind} policy needs its {NAMES[kind]} and no other")
    return _tracking(given) if kind == "TargetTrackingScaling" else _steps(given)


def _tracking(given: Json) -> Json:
    predefined = given.get("PredefinedMetricSpecification")
    custom = given.get("CustomizedMetricSpecification")
    if (predefined is None) == (custom is None):
        raise keys.invalid(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification "
            "must be specified"
        )
    if not 0 < given["TargetValue"] <= 2**360:
        raise keys.invalid(f"Target value {given['TargetValue']} is not valid for this metric")
    _check_cooldowns(given, "ScaleOutCooldown", "ScaleInCooldown")
    _predefined(predefined) if predefined else _custom(custom or {})
    return given


def _predefined(metric: Json) -> None:
    kind, label = metric["PredefinedMetricType"], metric.get("ResourceLabel", "")
    if kind.endswith("HighResolution"):
        raise _unmodelled(kind)
    if kind not in PREDEFINED:
        raise keys.invalid(f"The metric {kind} is not supported for ecs:service:DesiredCount")
    if (kind == "ALBRequestCountPerTarget") != bool(label):
        raise keys.invalid("ResourceLabel goes with ALBRequestCountPerTarget, and only with it")
    if label and not (label.startswith("app/") and "/targetgroup/" in label):
        raise keys.invalid(f"Invalid resource label: {label}")


def _custom(metric: Json) -> None:
    if "Metrics" in metric:
        raise _unmodelled("metric math in CustomizedMetricSpecification")
    for name in ("MetricName", "Namespace", "Statistic"):
        if name not in metric:
            raise keys.invalid(f"CustomizedMetricSpecification needs a {name}")


def _steps(given: Json) -> Json:
    steps = given.get("StepAdjustments", [])
    if given.get("AdjustmentType") not in _ADJUSTMENTS:
        raise keys.invalid(f"AdjustmentType is one of {', '.join(_ADJUSTMENTS)}")
    if not 1 <= len(steps) <= MOST_STEPS:
        raise keys.invalid(f"A step scaling policy has 1 to {MOST_STEPS} step adjustments")
    if given["AdjustmentType"] == "ExactCapacity" and any(
        s["ScalingAdjustment"] < 0 for s in steps
    ):
        raise keys.invalid("ScalingAdjustment must not be negative for ExactCapacity")
    _check_cooldowns(given, "Cooldown")
    _check_intervals(steps)
    return given


def _check_intervals(steps: list[Json]) -> None:
    """Without overlap and without a gap."""
    intervals = sorted(
        (
            step.get("MetricIntervalLowerBound", -math.inf),
            step.get("MetricIntervalUpperBound", math.inf),
        )
        for step in steps
    )
    if any(low >= high for low, high in intervals):
        raise keys.invalid("A step's upper bound must be greater than its lower bound")
    for (_, end), (begin, _) in pairwise(intervals):
        if begin != end:
            wrong = "overlap" if begin < end else "have a gap between them"
            raise keys.invalid(f"Step adjustment intervals can't {wrong}")


def _check_cooldowns(given: Json, *names: str) -> None:
    for name in names:
        if given.get(name, 0) < 0:
            raise keys.invalid(f"{name} must be greater than or equal to 0")


def _unmodelled(what: str) -> AwsError:
    sentence = f"{what} is not modelled by the local AWS"
    return AwsError("UnsupportedOperation", sentence, status=501)
