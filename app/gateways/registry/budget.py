"""How much of an image one look may cost, counted as it is spent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from app.gateways.registry.errors import ImageTooLarge

ADVICE = "put the Procfile in one of the image's last layers (COPY Procfile ./ at the end)"


@dataclass(frozen=True)
class Limits:
    """For one image: bytes of layers fetched, bytes they unpack to, files listed, seconds."""

    fetched: int = 4 * 1024**3
    unpacked: int = 16 * 1024**3
    entries: int = 1_000_000
    seconds: float = 300.0


@dataclass
class Budget:
    limits: Limits
    fetched: int = 0
    unpacked: int = 0
    entries: int = 0
    started: float = field(default_factory=time.monotonic)

    def fetch(self, size: int) -> None:
        self.fetched += size
        if self.fetched > self.limits.fetched:
            raise _too_large(f"after {self.limits.fetched:,} bytes of layers")
        self.check_time()

    def unpack(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > self.limits.unpacked:
            raise _too_large(f"after unpacking {self.limits.unpacked:,} bytes")
        self.check_time()

    def list_entry(self) -> None:
        self.entries += 1
        if self.entries > self.limits.entries:
            raise _too_large(f"after {self.limits.entries:,} files")

    def check_time(self) -> None:
        if time.monotonic() - self.started > self.limits.seconds:
            raise _too_large(f"after {self.limits.seconds:g} seconds")


def _too_large(when: str) -> ImageTooLarge:
    return ImageTooLarge(
        f"The search for the image's Procfile was given up {when}: {ADVICE}, or make it smaller."
    )
