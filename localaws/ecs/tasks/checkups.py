"""Container health checks: what one is, and what its results mean. Pure.

As Docker's: the first check comes one interval after the start; one that succeeds makes the
container healthy, `retries` failures in a row make it unhealthy, and until it was healthy once
those within `startPeriod` do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

UNKNOWN, HEALTHY, UNHEALTHY = "UNKNOWN", "HEALTHY", "UNHEALTHY"


@dataclass(frozen=True)
class Checkup:
    command: Sequence[str]
    interval: float  # seconds, all three
    timeout: float
    start_period: float
    retries: int


@dataclass(frozen=True)
class Result:
    status: str = UNKNOWN
    failures: int = 0  # in a row, those that count


def read(definition: dict[str, Any]) -> Checkup | None:
    """Of a container definition, which has its defaults filled in."""
    check = definition.get("healthCheck")
    if not check:
        return None
    kind, *words = check["command"]
    return Checkup(
        command=["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words,
        interval=check["interval"],
        timeout=check["timeout"],
        start_period=check.get("startPeriod", 0),
        retries=check["retries"],
    )


def judge(checkup: Checkup, so_far: Result, *, passed: bool, age: float) -> Result:
    """`age` of the container, in seconds."""
    if passed:
        return Result(HEALTHY)
    if so_far.status == UNKNOWN and age < checkup.start_period:
        return so_far
    failures = so_far.failures + 1
    return Result(UNHEALTHY if failures >= checkup.retries else so_far.status, failures)
