"""Schedules: `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-12-24T18:00:00)`, and when they are
next due. Which of them a service takes, and how it refuses others, is its own."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^)]*)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_MONTHS = [name.upper() for name in calendar.month_abbr[1:]]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_LAST_YEAR = 2199
_FIELDS = 6  # of cron


@dataclass(frozen=True)
class Rate:
    every: timedelta

    def next(self, begun: datetime, now: datetime) -> datetime | None:
        """The first is one interval after it began."""
        return begun + self.every * ((now - begun) // self.every + 1)


@dataclass(frozen=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: str  # of the month, or ?
    months: frozenset[int]
    weekdays: str  # or ?
    years: frozenset[int]

    def next(self, _: datetime, now: datetime) -> datetime | None:
        """In UTC, to the minute; None after its last year."""
        after = now.astimezone(UTC)
        for day in self._days(after.date()):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if due > after:
                        return due
        return None

    def _days(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                last = calendar.monthrange(year, month)[1]
                month_days = (date(year, month, number) for number in range(1, last + 1))
                yield from (day for day in month_days if day >= first and self.on(day))

    def on(self, day: date) -> bool:
        if self.weekdays == "?":
            return any(_on_day(part, day) for part in self.days.split(","))
        return any(_on_weekday(part, day) for part in self.weekdays.split(","))


@dataclass(frozen=True)
class At:
    time: datetime  # in UTC

    def next(self, _: datetime, now: datetime) -> datetime | None:
        """Once."""
        return self.time if self.time > now else None


Schedule = Rate | Cron | At


@lru_cache(256)
def read(expression: str) -> Schedule:
    """Raises ValueError for what is none."""
    if found := _RATE.fullmatch(expression):
        return _rate(int(found[1]), found[2], plural=bool(found[3]))
    if found := _AT.fullmatch(expression):
        return At(datetime.fromisoformat(found[1]).replace(tzinfo=UTC))
    found = _CRON.fullmatch(expression)
    fields = found[1].split() if found else []
    if len(fields) != _FIELDS:
        raise ValueError(expression)
    return _cron(*fields)


def _rate(value: int, unit: str, *, plural: bool) -> Rate:
    """`1 minute`, `2 minutes`, and no other way."""
    if value < 1 or plural is (value == 1):
        raise ValueError(value)
    return Rate(timedelta(**{f"{unit}s": value}))


def _cron(minutes: str, hours: str, days: str, months: str, weekdays: str, years: str) -> Cron:
    if (days == "?") is (weekdays == "?"):
        raise ValueError("exactly one of the two days is a question mark")
    cron = Cron(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        days=days,
        months=_numbers(months, 1, 12, _MONTHS),
        weekdays=weekdays.upper(),
        years=_numbers(years, 1970, _LAST_YEAR),
    )
    for day in (date(2024, 1, number) for number in range(1, 8)):
        cron.on(day)  # what is no day is refused here
    return cron


def _numbers(field: str, least: int, most: int, names: list[str] | None = None) -> frozenset[int]:
    """Of `*`, `1,2`, `1-5`, `*/10`, `5/10`, `JAN-MAR`."""
    found = set[int]()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            start, end = least, most
        else:
            start = _number(first, names, least)
            end = _number(last, names, least) if last else most if step else start
        if not (least <= start <= most and least <= end <= most):
            raise ValueError(part)
        if step and not 1 <= int(step) <= most:
            raise ValueError(part)
        wrapped = end if start <= end else end + most - least + 1
        every = range(start, wrapped + 1, int(step or 1))
        found |= {least + (number - least) % (most - least + 1) for number in every}
    return frozenset(found)


def _number(text: str, names: list[str] | None, least: int) -> int:
    return names.index(text) + least if names and text in names else int(text)


def _on_day(part: str, day: date) -> bool:
    """`L` is the month's last day, `15W` the weekday nearest to the 15th."""
    last = calendar.monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == last
    if part.endswith("W"):
        return day == _nearest_weekday(day, last if part == "LW" else int(part[:-1]), last)
    return day.day in _numbers(part, 1, 31)


def _nearest_weekday(day: date, wanted: int, last: int) -> date:
    """In the same month."""
    if not 1 <= wanted <= 31:
        raise ValueError(wanted)
    at = day.replace(day=min(wanted, last))
    if at.weekday() == calendar.SATURDAY:
        return at + timedelta(days=-1 if at.day > 1 else 2)
    if at.weekday() == calendar.SUNDAY:
        return at + timedelta(days=1 if at.day < last else -2)
    return at


def _on_weekday(part: str, day: date) -> bool:
    """Sunday is 1; `6L` is the month's last Friday, `3#2` its second Tuesday."""
    number = day.isoweekday() % 7 + 1
    if part == "L":
        return number == 7
    if part.endswith("L"):
        last = calendar.monthrange(day.year, day.month)[1]
        return number in _numbers(part[:-1], 1, 7, _DAYS) and day.day > last - 7
    wanted, _, which = part.partition("#")
    if which:
        nth = (day.day - 1) // 7 + 1 == int(which)
        return number in _numbers(wanted, 1, 7, _DAYS) and nth
    return number in _numbers(part, 1, 7, _DAYS)
