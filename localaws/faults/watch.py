"""Follows the faults that last: looks at what they strike when one begins, ends, or is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from localaws.clock import Clock
from localaws.faults.faults import Faults

Look = Callable[[], datetime | None]  # when something changes by itself


async def watch(faults: Faults, clock: Clock, look: Look) -> None:
    """For ever."""
    news = asyncio.Event()
    faults.listeners.append(news.set)
    try:
        while True:
            news.clear()
            times = [time for time in (look(), faults.next_change()) if time]
            await _until(news, clock, min(times, default=None))
    finally:
        faults.listeners.remove(news.set)


async def _until(news: asyncio.Event, clock: Clock, due: datetime | None) -> None:
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(news.wait())]
    if due:
        seconds = (due - clock.now()).total_seconds()
        waits.append(asyncio.ensure_future(clock.sleep(seconds)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
