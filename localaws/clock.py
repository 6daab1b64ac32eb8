"""The one clock of the local AWS: whatever waits or dates something asks here, in AWS's seconds.

Only what waits for the bytes of a real socket or the end of a real process waits in real time:
those are no quicker than they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any


class Clock:
    """Real time."""

    scale = 1.0  # AWS's seconds in one of ours; 0: time stands still until it is advanced

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """As asyncio.timeout."""
        return asyncio.timeout(seconds)

    def working(self) -> AbstractContextManager[None]:
        """Around what another thread does: a clock advanced by hand waits until it is done."""
        return contextlib.nullcontext()


class ScaledClock(Clock):
    """`scale` seconds of AWS pass in one of ours."""

    def __init__(self, scale: float, start: datetime | None = None) -> None:
        self.scale = scale
        self._start, self._began = start or datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self.scale

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.scale)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds / self.scale)


class VirtualClock(Clock):
    """Stands still until it is advanced, then wakes whoever sleeps one by one, as they are due.

    For asyncio's own event loop: no other tells when it has nothing left to do.
    """

    scale = 0.0

    def __init__(self, start: datetime | None = None) -> None:
        self._start, self._passed = start or datetime.now(UTC), 0.0
        self._timers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._advancing = asyncio.Lock()
        self._working = 0
        self._rested = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        timer = asyncio.get_running_loop().create_future()
        heapq.heappush(self._timers, (self._passed + seconds, next(self._order), timer))
        await timer

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[object]:
        async with asyncio.timeout(None) as limit:
            expiry = asyncio.ensure_future(self._expire(limit, seconds))
            try:
                yield limit
            finally:
                expiry.cancel()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            self._rested.set()

    async def advance(self, seconds: float) -> None:
        """Returns when everything due by then was done, and what it led to, and so on."""
        await self.until(lambda: False, within=seconds)

    async def until(self, holds: Callable[[], object], within: float) -> bool:
        """Advances no further than to where `holds`; whether it did within so many seconds."""
        async with self._advancing:
            end = self._passed + within
            await self._rest()
            while not holds():
                if not self._next_is_due(end):
                    self._passed = end
                    return False
                self._passed, _, timer = heapq.heappop(self._timers)
                timer.set_result(None)
                await self._rest()
            return True

    def _next_is_due(self, end: float) -> bool:
        while self._timers and self._timers[0][2].done():  # whoever slept was cancelled
            heapq.heappop(self._timers)
        return bool(self._timers) and self._timers[0][0] <= end

    async def _rest(self) -> None:
        """Until nothing is ready to run, here or in the threads that work for us."""
        loop: Any = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0)
            if self._working:
                self._rested.clear()
                await self._rested.wait()
            elif not loop._ready:
                return

    async def _expire(self, limit: asyncio.Timeout, seconds: float) -> None:
        await self.sleep(seconds)
        limit.reschedule(asyncio.get_running_loop().time())
