"""How long these tests wait, and how often they look."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

REAL = os.environ.get("PALATINE_CONFORMANCE") == "aws"
AMAZONS = REAL and not os.environ.get("AWS_ENDPOINT_URL")  # what answers there is not AWS
RULE_SECONDS = 30  # a rule that was put or changed may take so long to be known everywhere
FIRST_POLL_SECONDS, POLL_SECONDS = (0.1, 5.0) if REAL else (0.02, 0.02)
SLOWER = 60 if REAL else 1  # how many times as long the real one may take


def until(holds: Callable[[], T], seconds: float = 20) -> T:
    """Where these tests wait: the first true answer, or a failure."""
    end, pause = time.monotonic() + seconds * SLOWER, FIRST_POLL_SECONDS
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(pause)
        pause = min(pause * 2, POLL_SECONDS)
    raise AssertionError(f"{holds} did not come true within {seconds * SLOWER} s")


def known_everywhere() -> None:
    """After a change of a rule of EventBridge's, which AWS tells in no other way."""
    if AMAZONS:
        time.sleep(RULE_SECONDS)
