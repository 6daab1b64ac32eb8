"""An answer that is written as things happen, to a client that may leave or stop reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

_SEND_SECONDS = 30.0


class _Stalled(Exception):
    """The client takes nothing any more."""


class StreamResponse(Response):
    """Whoever takes nothing for `send_seconds` is let go, with the connection cut."""

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        media_type: str,
        *,
        send_seconds: float = _SEND_SECONDS,
    ) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.headers["Cache-Control"] = "no-cache"
        self.headers["X-Accel-Buffering"] = "no"  # nginx would hold lines back
        self._chunks = chunks
        self._send_seconds = send_seconds

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writing.cancel()
            leaving.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
        if not writing.cancelled():
            with suppress(_Stalled):
                writing.result()

    async def _write(self, send: Send) -> None:
        await self._sent(
            send,
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            },
        )
        async with aclosing(self._chunks) as chunks:
            async for chunk in chunks:
                await self._sent(
                    send, {"type": "http.response.body", "body": chunk, "more_body": True}
                )
        await self._sent(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _sent(self, send: Send, message: Message) -> None:
        try:
            async with asyncio.timeout(self._send_seconds):
                await send(message)
        except TimeoutError:
            raise _Stalled from None


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
