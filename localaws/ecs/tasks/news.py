"""News of a task: who waits for some looks again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from localaws.clock import Clock


class News:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = asyncio.Event()

    def tell(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, until: datetime | None = None) -> None:
        """For the next, or until then."""
        if until is None:
            await self._next.wait()
            return
        with suppress(TimeoutError):
            async with self._clock.timeout((until - self._clock.now()).total_seconds()):
                await self._next.wait()
