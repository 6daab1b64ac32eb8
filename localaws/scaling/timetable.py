"""When a scheduled action is due, in its own time zone, between its start and its end."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from localaws import schedules
from localaws.scaling import keys
from localaws.scaling.model import Scheduled
from localaws.schedules import At, Cron, Schedule

_RATE = re.compile(r"rate\((\d+) ?(minute|hour|day)s?\)")
# aws/aws-cdk#6053
_SYNTAX = (
    "Invalid schedule expression. Details: Schedule expressions must have the following syntax: "
    r"rate(<number>\s?(minutes?|hours?|days?)), cron(<cron_expression>) or "
    "at(yyyy-MM-dd'T'HH:mm:ss)."
)


def check(expression: str, zone: str | None) -> None:
    """ValidationException, in AWS's words."""
    try:
        _read(expression)
    except ValueError:
        raise keys.invalid(_SYNTAX) from None
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise keys.invalid(f"The timezone {zone} is not valid.") from None


def next_time(action: Scheduled, after: datetime) -> datetime | None:
    """A rate counts from its start, or from when it was put."""
    schedule = _read(action.schedule)
    begun = action.starts or action.created_at
    after = max(after, action.changed_at)
    if isinstance(schedule, At | Cron):
        due = _in_zone(schedule, ZoneInfo(action.timezone or "UTC"), max(begun, after))
    elif action.starts and after < action.starts:
        due = action.starts
    else:
        due = schedule.next(begun, max(begun, after))
    return None if due and action.ends and due > action.ends else due


def _in_zone(schedule: At | Cron, zone: ZoneInfo, after: datetime) -> datetime | None:
    """By the clock on the wall there, which shows an hour twice when summer time ends."""
    wall = after.astimezone(zone).replace(tzinfo=UTC)
    due = schedule.next(wall, wall)
    if due is None:
        return None
    first, second = (due.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first > after else second


def _read(expression: str) -> Schedule:
    """A rate may be spelled more freely here than elsewhere."""
    if found := _RATE.fullmatch(expression):
        plural = "" if found[1] == "1" else "s"
        return schedules.read(f"rate({found[1]} {found[2]}{plural})")
    return schedules.read(expression)
