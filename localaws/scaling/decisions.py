"""What alarms and policies come to, as pure functions: alarm states, steps, targets, cooldowns."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from localaws.scaling.alarms import Alarm
from localaws.scaling.model import Move, Policy

COOLDOWN_SECONDS = 300  # of ECS, where a policy names none
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def alarm_state(alarm: Alarm, datapoints: Sequence[float | None]) -> str:
    """By the datapoints of its window; a gap is what the alarm says of missing data."""
    breaches = _COMPARISONS[alarm.comparison]
    judged = [None if one is None else breaches(one, alarm.threshold) for one in datapoints]
    if alarm.missing in ("breaching", "notBreaching"):
        judged = [alarm.missing == "breaching" if one is None else one for one in judged]
    if sum(one is True for one in judged) >= alarm.needed:
        return "ALARM"
    if all(one is None for one in judged):
        return alarm.state if alarm.missing == "ignore" else "INSUFFICIENT_DATA"
    possible = sum(one is not False for one in judged)
    return "OK" if possible < alarm.needed or alarm.state != "ALARM" else alarm.state


def tracked(base: int, value: float, target: float, *, out: bool) -> int:
    """The least capacity at which the metric would be at its target; out: one more at least."""
    proportional = math.ceil(round(base * value / target, 6))
    return max(proportional, base + 1) if out else proportional


def stepped(base: int, policy: Policy, alarm: Alarm, datapoints: Sequence[float | None]) -> int:
    """After the step adjustment that the breach falls into; none does: as it was."""
    configuration = policy.configuration
    values = [one for one in datapoints if one is not None]
    aggregate = {"Minimum": min, "Maximum": max}.get(
        configuration.get("MetricAggregationType", "Average"), fmean
    )
    over = float(aggregate(values)) - alarm.threshold
    for step in configuration["StepAdjustments"]:
        if _within(step, over, upwards=alarm.high):
            return _adjusted(base, configuration, step["ScalingAdjustment"])
    return base


def base_of(policy: Policy, current: int, now: datetime, *, out: bool) -> int | None:
    """What a policy reckons from; None: it may not act yet.

    While the cooldown of a scale-out lasts, what it added counts towards the next one; while that
    of a scale-in lasts, nothing more goes, and a scale-out ends it.
    """
    move = policy.out if out else policy.in_
    if move is None or now - move.at >= cooldown(policy, out=out):
        return current
    return move.base if out else None


def cooldown(policy: Policy, *, out: bool) -> timedelta:
    name = ("ScaleOutCooldown" if out else "ScaleInCooldown") if policy.tracking else "Cooldown"
    return timedelta(seconds=policy.configuration.get(name, COOLDOWN_SECONDS))


def moved(policy: Policy, now: datetime, base: int, *, out: bool) -> None:
    if not out:
        policy.in_ = Move(now, base)
        return
    cooling = policy.out and now - policy.out.at < cooldown(policy, out=True)
    policy.out = Move(now, policy.out.base if cooling and policy.out else base)
    policy.in_ = None


def _within(step: dict[str, Any], over: float, *, upwards: bool) -> bool:
    low = float(step.get("MetricIntervalLowerBound", -math.inf))
    high = float(step.get("MetricIntervalUpperBound", math.inf))
    return low <= over < high if upwards else low < over <= high


def _adjusted(base: int, configuration: dict[str, Any], adjustment: int) -> int:
    match configuration["AdjustmentType"]:
        case "ExactCapacity":
            return adjustment
        case "ChangeInCapacity":
            return max(0, base + adjustment)
    change = base * adjustment / 100
    whole = int(change) if abs(change) >= 1 else int(math.copysign(1, change)) if change else 0
    least = configuration.get("MinAdjustmentMagnitude", 0)
    if abs(whole) < least:
        whole = int(math.copysign(least, adjustment))
    return max(0, base + whole)
