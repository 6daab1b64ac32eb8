"""How many tasks a deployment must keep and may have; when its circuit breaker opens. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEWEST_FAILURES, MOST_FAILURES = 3, 200
DEFAULT_PERCENT = 50
DEFAULTS: dict[str, Any] = {"maximumPercent": 200, "minimumHealthyPercent": 100}


def floor(desired: int, minimum_healthy_percent: int) -> int:
    """AWS rounds up: 75 % of 2 lets no task stop."""
    return -(-desired * minimum_healthy_percent // 100)


def ceiling(desired: int, maximum_percent: int) -> int:
    """AWS rounds down: 125 % of 3 lets no task start."""
    return desired * maximum_percent // 100


def can_roll(desired: int, minimum_healthy_percent: int, maximum_percent: int) -> bool:
    """Whether a rollout may start one task more, or stop one; else it is stuck for ever."""
    may_start = ceiling(desired, maximum_percent) > desired
    may_stop = floor(desired, minimum_healthy_percent) < desired
    return may_start or may_stop or desired == 0


def breaker_threshold(breaker: Mapping[str, Any], desired: int) -> int:
    """Failed tasks after which a deployment has failed."""
    chosen = breaker.get("thresholdConfiguration") or {
        "type": "BOUNDED_PERCENT",
        "value": DEFAULT_PERCENT,
    }
    if chosen["type"] == "COUNT":
        return max(1, int(chosen["value"]))
    part = -(-desired * int(chosen["value"]) // 100)
    if chosen["type"] == "UNBOUNDED_PERCENT":
        return max(1, part)
    return min(max(part, FEWEST_FAILURES), MOST_FAILURES)
