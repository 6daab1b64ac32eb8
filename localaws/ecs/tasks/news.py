"""News of a task: who waits for some looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

from localaws.clock import Clock


class News:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = asyncio.Event()

    def tell(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    def wait(self, until: datetime | None = None) -> Coroutine[Any, Any, None]:
        """For the next from now on, whenever the waiting begins, or until then."""
        return self._wait(self._next, until)

    async def _wait(self, told: asyncio.Event, until: datetime | None) -> None:
        if until is None:
            await told.wait()
            return
        with suppress(TimeoutError):
            async with self._clock.timeout((until - self._clock.now()).total_seconds()):
                await told.wait()
