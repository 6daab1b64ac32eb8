"""When a schedule is next due; the examples are AWS's own (eb-cron-expressions)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from localaws import schedules

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # a Wednesday


def due(expression: str) -> str:
    found = schedules.read(expression).next(NOW, NOW)
    return f"{found:%Y-%m-%d %H:%M}" if found else "never"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-11-25 06:31"),
        ("rate(5 minutes)", "2026-11-25 06:35"),
        ("rate(1 day)", "2026-11-26 06:30"),
        ("cron(0 12 * * ? *)", "2026-11-25 12:00"),
        ("cron(5,35 14 * * ? *)", "2026-11-25 14:05"),
        ("cron(0/15 8-17 ? * MON-FRI *)", "2026-11-25 08:00"),
        ("cron(0 18 ? * SAT-SUN *)", "2026-11-28 18:00"),
        ("cron(0 0 L * ? *)", "2026-11-30 00:00"),
        ("cron(0 8 15W * ? *)", "2026-12-15 08:00"),
        ("cron(0 8 28W * ? *)", "2026-11-27 08:00"),  # the 28th is a Saturday
        ("cron(0 9 ? * 6L *)", "2026-11-27 09:00"),
        ("cron(0 9 ? * 3#2 *)", "2026-12-08 09:00"),
        ("cron(15 12 1 JAN,JUN ? 2027-2028)", "2027-01-01 12:15"),
        ("cron(0 10 * * ? 2025)", "never"),
        ("cron(0 10 30 2 ? *)", "never"),
        ("at(2026-11-25T06:30:01)", "2026-11-25 06:30"),
        ("at(2026-11-25T06:30:00)", "never"),
    ],
)
def test_the_next_time(expression: str, expected: str) -> None:
    assert due(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "cron(0 12 * * * *)",
        "cron(7 20 * * 1-7 *)",
        "cron(*/60 * * * ? *)",
        "cron(0 12 32 * ? *)",
        "cron(0 12 ? * 8 *)",
        "cron(0 12 * * ?)",
        "every day",
        "at(2026-13-01T00:00:00)",
        "at(tomorrow)",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any will do)
        schedules.read(expression)
