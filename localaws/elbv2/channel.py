"""One end of an HTTP/1.1 connection: h11 for the protocol, asyncio streams for the bytes."""

from __future__ import annotations

import asyncio
import secrets
from ipaddress import ip_address
from typing import cast

import h11

CHUNK = 64 * 1024
Head = h11.Request | h11.Response | h11.InformationalResponse
Event = Head | h11.Data | h11.EndOfMessage | h11.ConnectionClosed | type[h11.PAUSED]


class Channel:
    """Reads and writes h11 events; a lost peer is an OSError, a bad one RemoteProtocolError."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        role: type[h11.CLIENT] | type[h11.SERVER],
    ) -> None:
        self.http = h11.Connection(role, max_incomplete_event_size=CHUNK)
        self.reader = reader
        self.writer = writer
        self.id = secrets.token_hex(16)
        self.received = self.sent = 0  # bytes
        self.status: int | None = None  # of the last answer that was sent

    async def receive(self) -> Event:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self._received(await self.reader.read(CHUNK))
        return cast(Event, event)

    async def send(self, event: h11.Event) -> None:
        if isinstance(event, h11.Response | h11.InformationalResponse):
            self.status = event.status_code
        if data := self.http.send(event):
            self.sent += len(data)
            self.writer.write(data)
            await self.writer.drain()

    async def closed_by_peer(self) -> bool:
        """Waits for the peer to say more; false if it was more bytes, kept for the next request."""
        data = await self.reader.read(CHUNK)
        if data:
            self._received(data)
        return not data

    def _received(self, data: bytes) -> None:
        self.received += len(data)
        self.http.receive_data(data)

    def close(self) -> None:
        self.writer.close()

    def abort(self) -> None:
        self.writer.transport.abort()


async def connect(address: str, port: int, timeout: float) -> Channel:
    """A connection as a client. OSError if refused, TimeoutError if nobody answers."""
    async with asyncio.timeout(timeout):
        if not ip_address(address).is_loopback:  # nothing leaves this machine: it is lost
            await asyncio.Event().wait()
        reader, writer = await asyncio.open_connection(address, port)
    return Channel(reader, writer, h11.CLIENT)
