"""A load of HTTP/1.1 requests over connections that are kept, so light that it is not in the way.

Requests are bytes made beforehand; answers must have a Content-Length and be 2xx.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from typing import cast

import uvloop

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def send(port: int, requests: Sequence[bytes], *, connections: int) -> float:
    """Seconds until all are answered. Each connection takes the next one as it gets its answer."""
    return uvloop.run(_send(port, iter(requests), connections))


async def _send(port: int, requests: Iterator[bytes], connections: int) -> float:
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(requests), "127.0.0.1", port)
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for _, connection in opened:
        connection.next()
    await asyncio.gather(*(connection.finished for _, connection in opened))
    took = time.perf_counter() - began
    for transport, _ in opened:
        transport.close()
    return took


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes]) -> None:
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(error or ConnectionError("closed before it answered"))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, complete, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not complete or (length and len(body) < int(length[1])):
            return
        if not head.startswith(b"HTTP/1.1 2"):
            self.finished.set_exception(ValueError(self._answer.decode()))
            return
        self._answer = b""
        self.next()

    def next(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self.finished.set_result(None)
        else:
            self._transport.write(following)
