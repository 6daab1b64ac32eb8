"""How long a service waits before it starts another task in place of one that failed.

AWS slows down only tasks that never reach RUNNING, up to a quarter of an hour; here also those
that run and crash are slowed, since the processor they burn is somebody's laptop. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 900.0
WELL = timedelta(seconds=10)  # a task healthy for so long ends the series


@dataclass(frozen=True)
class Backoff:
    failures: int = 0  # one after another
    until: float = 0.0  # monotonic

    def failed(self, now: float) -> Backoff:
        delay = min(FIRST_SECONDS * 2 ** min(self.failures, 32), LONGEST_SECONDS)
        return Backoff(self.failures + 1, max(self.until, now + delay))

    def lets_start(self, now: float) -> bool:
        return now >= self.until
