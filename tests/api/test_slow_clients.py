from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from starlette.types import Message

from app.streams.channel import Entry, Follower
from app.streams.response import StreamResponse


def _entries(count: int) -> list[Entry]:
    return [Entry(n, "test", "", None, b"{}") for n in range(count)]


def test_a_follower_that_lags_too_far_behind_is_ended() -> None:
    async def lag() -> Follower:
        follower = Follower()
        for _ in range(3):
            follower.tell(_entries(400))
        assert await follower.next(0.01) == []
        return follower

    assert asyncio.run(lag()).ended


def test_a_follower_that_keeps_up_is_not() -> None:
    async def keep_up() -> Follower:
        follower = Follower()
        for _ in range(3):
            follower.tell(_entries(400))
            assert len(await follower.next(0.01)) == 400
        return follower

    assert not asyncio.run(keep_up()).ended


def test_a_client_that_takes_nothing_is_let_go() -> None:
    closed = asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.set()

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    response = StreamResponse(chunks(), "text/plain", send_seconds=0.01)
    asyncio.run(response({"type": "http"}, receive, send))

    assert closed.is_set()
