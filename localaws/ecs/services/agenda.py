"""What is to be looked at, and when: each entry once, the earliest time stands."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from localaws.clock import Clock

Entry = TypeVar("Entry", bound=Hashable)


class Agenda(Generic[Entry]):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[Entry, float] = {}
        self._heap: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()  # entries are not compared
        self._sooner = asyncio.Event()

    def put(self, entry: Entry, seconds: float) -> None:
        """In so many seconds from now, unless it is due sooner."""
        at = self._clock.monotonic() + max(seconds, 0)
        if at >= self._due.get(entry, float("inf")):
            return
        if not self._heap or at < self._heap[0][0]:
            self._sooner.set()
        self._due[entry] = at
        heapq.heappush(self._heap, (at, next(self._order), entry))

    async def due(self) -> list[Entry]:
        """Waits for the first entry, and takes all that are due by then."""
        while not (taken := self._take()):
            await self._wait()
        return taken

    def _take(self) -> list[Entry]:
        now, taken = self._clock.monotonic(), []
        while self._heap and self._heap[0][0] <= now:
            at, _, entry = heapq.heappop(self._heap)
            if self._due.get(entry) == at:  # else it was put earlier, and taken then
                del self._due[entry]
                taken.append(entry)
        return taken

    async def _wait(self) -> None:
        self._sooner.clear()
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._sooner.wait())]
        if self._heap:
            seconds = self._heap[0][0] - self._clock.monotonic()
            waits.append(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
