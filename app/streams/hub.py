"""Wakes whoever follows an app: one LISTEN a web process, one read an app, however many follow it.

Ids ascend in commit order within an app, so "everything after the last one seen" misses nothing,
whether a NOTIFY was lost, doubled or late; after every new connection all apps are read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from sqlalchemy.orm import Session

from app.db.engine import Sessions
from app.db.paging import Shown
from app.services.listings import events
from app.streams.channel import Channel, Entry, Follower
from app.streams.listening import listen

T = TypeVar("T")

PING_SECONDS = 15.0  # load balancers cut what is silent for a minute
_PAGE = 500
_THREADS = 8  # reads of streams leave the threads of requests alone


class Hub:
    """Lives in one event loop, inside `running`. Only `stop` may be called from elsewhere."""

    def __init__(
        self,
        sessions: Sessions,
        url: str,
        render: Callable[[Shown], bytes],
        *,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._sessions = sessions
        self._url = url
        self._render = render
        self._ping_seconds = ping_seconds
        self._channels: dict[str, Channel] = {}
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._readers: dict[Channel, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._threads = CapacityLimiter(_THREADS)
        listening = asyncio.create_task(listen(self._url, self._wake))
        try:
            yield
        finally:
            self._end()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def stop(self) -> None:
        """End every stream. From any thread: a server waits for its streams when it stops."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    @property
    def followed(self) -> int:
        """How many apps somebody follows."""
        return len(self._channels)

    async def follow(
        self, app_id: UUID, *, after: int | None, operation_id: UUID | None = None
    ) -> AsyncGenerator[list[Entry]]:
        """Batches of events after the given one (None: from now on).

        An empty batch says that following has begun, and later that nothing has happened for
        `ping_seconds`. It ends when the hub stops or the follower cannot keep up.
        """
        with self._following(app_id) as (channel, follower):
            await channel.ready.wait()
            yield []
            seen = channel.seen if after is None else after
            read = partial(self._read_after, app_id, operation_id)
            while after is not None and not follower.ended:
                missed = await read(seen)
                if missed:
                    seen = missed[-1].id
                    yield missed
                if len(missed) < _PAGE:
                    break
            while not follower.ended:
                entries = await follower.next(self._ping_seconds)
                fresh = [entry for entry in entries if entry.id > seen]
                if operation_id:
                    fresh = [entry for entry in fresh if entry.operation_id == operation_id]
                if fresh or not entries:
                    yield fresh

    @contextmanager
    def _following(self, app_id: UUID) -> Iterator[tuple[Channel, Follower]]:
        """The app's channel, which is there as long as anybody follows it."""
        follower = Follower()
        channel = self._channels.get(str(app_id)) or self._opened(app_id)
        channel.followers.add(follower)
        if self._stopping:
            channel.end()
        try:
            yield channel, follower
        finally:
            channel.followers.discard(follower)
            if not channel.followers and self._channels.get(str(app_id)) is channel:
                del self._channels[str(app_id)]
                self._readers.pop(channel).cancel()

    def _opened(self, app_id: UUID) -> Channel:
        channel = Channel(partial(self._newest, app_id), partial(self._read_after, app_id, None))
        self._channels[str(app_id)] = channel
        self._readers[channel] = asyncio.create_task(channel.run())
        return channel

    def _wake(self, payload: str | None) -> None:
        """The app of that id; None: every one."""
        for id, channel in self._channels.items():
            if payload in (None, id):
                channel.wake()

    def _end(self) -> None:
        self._stopping = True
        for channel in self._channels.values():
            channel.end()

    async def _newest(self, app_id: UUID) -> int:
        return await self._in_thread(lambda session: events.newest(session, app_id))

    async def _read_after(self, app_id: UUID, operation_id: UUID | None, seen: int) -> list[Entry]:
        return await self._in_thread(
            lambda session: [
                self._entry(row)
                for row in events.after(
                    session, app_id, seen, operation_id=operation_id, limit=_PAGE
                )
            ]
        )

    async def _in_thread(self, read: Callable[[Session], T]) -> T:
        """With a session that is gone when it returns: nothing is held while streams wait."""

        def reading() -> T:
            with self._sessions() as session:
                return read(session)

        return await to_thread.run_sync(reading, limiter=self._threads)

    def _entry(self, row: Shown) -> Entry:
        return Entry(row.id, row.kind, row.message, row.operation_id, self._render(row))
