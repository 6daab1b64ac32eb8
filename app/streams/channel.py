"""One app as streams follow it: read once when something happens, handed to all who follow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)

_MOST_WAITING = 1000  # entries a follower may lag behind before it is let go
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Entry:
    """An event, its JSON already written."""

    id: int
    kind: str
    message: str
    operation_id: UUID | None
    json: bytes


class Follower:
    """What one client has still to be told. One too slow to keep up is ended."""

    def __init__(self) -> None:
        self._waiting: deque[Entry] = deque()
        self._woken = asyncio.Event()
        self.ended = False

    def tell(self, entries: Sequence[Entry]) -> None:
        if len(self._waiting) + len(entries) > _MOST_WAITING:
            self.end()
        else:
            self._waiting.extend(entries)
            self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._waiting.clear()
        self._woken.set()

    async def next(self, seconds: float) -> list[Entry]:
        """What has come; nothing when that many seconds have passed, or it has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()
        entries = list(self._waiting)
        self._waiting.clear()
        return entries


class Channel:
    """`run` until cancelled. `seen` is the id up to which every follower has been told."""

    def __init__(
        self,
        newest: Callable[[], Awaitable[int]],
        after: Callable[[int], Awaitable[list[Entry]]],
    ) -> None:
        self._newest = newest
        self._after = after
        self._woken = asyncio.Event()
        self.ready = asyncio.Event()
        self.seen = 0
        self.followers: set[Follower] = set()

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self.ready.set()
        for follower in self.followers:
            follower.end()

    async def run(self) -> None:
        while True:
            try:
                await self._tell_from_now_on()
            except SQLAlchemyError as error:  # the database is away; what happened is still there
                log.warning("events cannot be read", error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
                self.wake()

    async def _tell_from_now_on(self) -> None:
        if not self.ready.is_set():
            self.seen = await self._newest()
            self.ready.set()
        while True:
            await self._woken.wait()
            self._woken.clear()
            while entries := await self._after(self.seen):
                self.seen = entries[-1].id
                for follower in self.followers:
                    follower.tell(entries)
