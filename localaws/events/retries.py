"""When a delivery that failed is tried again, and what its dead-letter queue is told in the end."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from localaws.events.model import Delivery, Json, Rule
from localaws.wire import AwsError

MOST_ATTEMPTS = 185
LONGEST = timedelta(hours=24)
_PAUSES = (1.0, 600.0)  # seconds; 185 of these take about a day, and AWS tells no more than that
_THROTTLED = ("Throttling", "ThrottlingException", "TooManyRequestsException")
_GONE = ("NotFound", "NonExistent", "NotExist")  # of codes
FORBIDDEN, SERVERS = 403, 500  # of HTTP


def worth_another(error: AwsError) -> bool:
    """Not where the target is gone or will never take it."""
    return error.status >= SERVERS or error.code in _THROTTLED


def exhausted(delivery: Delivery, now: datetime) -> str | None:
    """The limit of its retry policy that it reached."""
    policy = delivery.target.get("RetryPolicy", {})
    if delivery.attempts > policy.get("MaximumRetryAttempts", MOST_ATTEMPTS):
        return "MaximumRetryAttempts"
    longest = policy.get("MaximumEventAgeInSeconds", LONGEST.total_seconds())
    return "MaximumEventAgeInSeconds" if now >= delivery.born + timedelta(seconds=longest) else None


def pause(attempts: int) -> timedelta:
    """Doubles each time, with jitter."""
    first, longest = _PAUSES
    whole = min(first * 2 ** min(attempts - 1, 16), longest)
    return timedelta(seconds=whole * random.uniform(0.5, 1))  # noqa: S311 - a pause, no secret


def record(delivery: Delivery, rule: Rule, error: AwsError, condition: str | None) -> Json:
    """The attributes of a message in a dead-letter queue."""
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": _code(error),
        "ERROR_MESSAGE": error.message,
    }
    if condition:
        told |= {
            "EXHAUSTED_RETRY_CONDITION": condition,
            "RETRY_ATTEMPTS": str(delivery.attempts - 1),
        }
    return told


def _code(error: AwsError) -> str:
    """Of AWS's list for dead letters."""
    if error.code in _THROTTLED:
        return "THROTTLING"
    if error.status == FORBIDDEN:
        return "NO_PERMISSIONS"
    if any(word in error.code for word in _GONE):
        return "NO_RESOURCE"
    return "ERROR_FROM_TARGET" if error.status >= SERVERS else "INVALID_PARAMETER"
