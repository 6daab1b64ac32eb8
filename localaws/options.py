"""What the local AWS can be told when it starts, and what does not go together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from localaws.clock import Clock, ScaledClock, VirtualClock

DRIVERS = ("process", "docker", "sim")
LARGEST_SCALE = 1_000.0  # beyond it our own milliseconds are seconds of AWS


class Unusable(ValueError):
    """The text says which options do not go, and why."""


@dataclass(frozen=True)
class Options:
    """Raises Unusable."""

    port: int
    router_port: int
    home: Path
    driver: str = "process"
    time_scale: float = 1.0  # AWS's seconds in one of ours; 0: only as it is told
    scenario: Path | None = None  # of faults, from the start on

    def __post_init__(self) -> None:
        if self.driver not in DRIVERS:
            raise Unusable(f"--driver is one of {', '.join(DRIVERS)}, not {self.driver}.")
        if not (math.isfinite(self.time_scale) and 0 <= self.time_scale <= LARGEST_SCALE):
            raise Unusable(f"--time-scale is from 0 to {LARGEST_SCALE:.0f}, not {self.time_scale}.")
        if self.time_scale == 0 and self.driver != "sim":
            raise Unusable(
                f"--time-scale 0 stops the clock, but --driver {self.driver} runs real programs,"
                " which do not wait for it; use --driver sim."
            )
        if self.port and self.port == self.router_port:
            raise Unusable(f"--port and --router-port cannot both be {self.port}.")

    def clock(self, earliest: datetime | None = None) -> Clock:
        """`earliest`: what time it was already, which never goes back."""
        if self.time_scale == 0:
            return VirtualClock(earliest)
        start = max(datetime.now(UTC), earliest or datetime.now(UTC))
        ahead = start - datetime.now(UTC) > timedelta(seconds=1)
        return ScaledClock(self.time_scale, start) if ahead or self.time_scale != 1 else Clock()
