"""When scheduled actions are due: time zones, starts, ends, and what was put too late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localaws.scaling import timetable
from localaws.scaling.model import Key, Scheduled
from localaws.wire import AwsError

KEY = Key("ecs", "service/c/s", "ecs:service:DesiredCount")
NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # a Wednesday


def due(schedule: str, **more: Any) -> str:  # noqa: ANN401 (fields of a scheduled action)
    action = Scheduled("it", KEY, "arn", schedule, {}, created_at=NOW, changed_at=NOW, **more)
    found = timetable.next_time(action, NOW)
    return f"{found:%m-%d %H:%M}" if found else "never"


@pytest.mark.parametrize(
    ("schedule", "more", "expected"),
    [
        ("rate(5minutes)", {}, "11-25 06:35"),
        ("rate(1 hours)", {}, "11-25 07:30"),
        ("rate(1 hour)", {"starts": datetime(2026, 11, 26, tzinfo=UTC)}, "11-26 00:00"),
        ("rate(1 hour)", {"starts": datetime(2026, 11, 25, 6, 10, tzinfo=UTC)}, "11-25 07:10"),
        ("rate(1 hour)", {"ends": datetime(2026, 11, 25, 7, tzinfo=UTC)}, "never"),
        ("cron(0 9 * * ? *)", {"timezone": "Europe/Zurich"}, "11-25 08:00"),
        ("cron(0 9 * * ? *)", {"timezone": "America/New_York"}, "11-25 14:00"),
        ("cron(0 9 ? 7 * *)", {"timezone": "Europe/Zurich"}, "07-01 07:00"),
        ("cron(0 9 * * ? *)", {"starts": datetime(2026, 12, 1, tzinfo=UTC)}, "12-01 09:00"),
        ("at(2026-11-25T08:00:00)", {"timezone": "Europe/Zurich"}, "11-25 07:00"),
        ("at(2026-11-25T06:00:00)", {}, "never"),
    ],
)
def test_the_next_time_of_an_action(schedule: str, more: dict[str, Any], expected: str) -> None:
    assert due(schedule, **more) == expected


def test_what_fell_due_before_it_was_changed_does_not_count() -> None:
    later = NOW.replace(hour=12)
    action = Scheduled("it", KEY, "arn", "cron(0 9 * * ? *)", {}, created_at=NOW, changed_at=later)

    assert timetable.next_time(action, NOW) == datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_the_hour_that_comes_twice_does_not_turn_time_back() -> None:
    """In Berlin summer time ended on 2026-10-25 at 01:00 UTC: 02:00 to 03:00 came twice."""
    within = datetime(2026, 10, 25, 1, 5, tzinfo=UTC)
    action = Scheduled(
        "it", KEY, "arn", "cron(0/15 * * * ? *)", {}, within, within, "Europe/Berlin"
    )

    assert timetable.next_time(action, within) == within.replace(minute=15)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", ""])
def test_a_zone_that_is_none(zone: str) -> None:
    if not zone:
        timetable.check("rate(1 day)", zone)
        return
    with pytest.raises(AwsError, match=f"The timezone {zone} is not valid"):
        timetable.check("rate(1 day)", zone)
