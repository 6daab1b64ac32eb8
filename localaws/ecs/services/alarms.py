"""The CloudWatch alarms that a rollout is watched by, as CloudWatch shows them. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_PERIOD_SECONDS = 60  # of what has no period of its own: composite alarms, metric math


@dataclass(frozen=True)
class Alarm:
    name: str
    alarms: bool  # is in state ALARM
    seconds: float  # that it evaluates


def read(answer: Mapping[str, Any]) -> list[Alarm]:
    """DescribeAlarms's."""
    shown = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return [
        Alarm(one["AlarmName"], one["StateValue"] == "ALARM", float(_evaluated(one)))
        for one in shown
    ]


def asked(configuration: Mapping[str, Any]) -> list[str]:
    """Their names; none, unless they are enabled."""
    alarms = configuration.get("alarms") or {}
    return list(alarms.get("alarmNames", ())) if alarms.get("enable") else []


def quiet(alarms: Iterable[Alarm]) -> list[str]:
    """Those that are watched: what alarms already when a rollout begins is not."""
    return [one.name for one in alarms if not one.alarms]


def triggered(alarms: Iterable[Alarm], watched: Iterable[str]) -> list[str]:
    names = set(watched)
    return [one.name for one in alarms if one.alarms and one.name in names]


def bake_seconds(alarms: Iterable[Alarm], watched: Iterable[str]) -> float:
    """As long as the slowest of them evaluates (aws/copilot-cli#4294)."""
    names = set(watched)
    return max((one.seconds for one in alarms if one.name in names), default=0)


def _evaluated(alarm: Mapping[str, Any]) -> int:
    period = alarm.get("Period") or DEFAULT_PERIOD_SECONDS
    return int(alarm.get("EvaluationPeriods") or 1) * int(period)
