"""How long a service waits before it starts another task in place of one that failed. Pure.

AWS slows down only tasks that never reach RUNNING:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 27 * 60.0
LONGEST_AFTER_CRASHES = 2.0  # on AWS no task starts in less; here it would keep a processor busy
WELL = timedelta(seconds=10)  # a task healthy for so long ends a series of crashes


@dataclass(frozen=True)
class Backoff:
    unborn: int = 0  # tasks in a row that never ran
    crashes: int = 0  # that ran, and ended by themselves
    until: datetime | None = None

    def never_ran(self, now: datetime) -> Backoff:
        until = _later(self.until, now, self.unborn, LONGEST_SECONDS)
        return Backoff(self.unborn + 1, self.crashes, until)

    def crashed(self, now: datetime) -> Backoff:
        until = _later(self.until, now, self.crashes, LONGEST_AFTER_CRASHES)
        return Backoff(0, self.crashes + 1, until)

    def ran(self) -> Backoff:
        return Backoff(0, self.crashes, self.until) if self.unborn else self

    def lets_start(self, now: datetime) -> bool:
        return self.until is None or now >= self.until


def _later(until: datetime | None, now: datetime, failures: int, longest: float) -> datetime:
    later = now + timedelta(seconds=min(FIRST_SECONDS * 2 ** min(failures, 32), longest))
    return max(until, later) if until else later
