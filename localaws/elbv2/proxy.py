"""One request to one target and its answer back, both streamed; nothing is ever sent twice.

Each request has a connection of its own: an ALB keeps some open, but then loses a request when a
target's idle timeout and the request cross.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import h11

from localaws.elbv2 import answers, headers
from localaws.elbv2.channel import CHUNK, Channel, connect
from localaws.elbv2.headers import Header
from localaws.elbv2.model import Target


class ClientGone(Exception):
    """Nobody is left to answer."""


@dataclass(frozen=True)
class Passage:
    """How a request passes: what its load balancer is set to."""

    listener: tuple[str, int]  # its protocol and port
    connect_timeout: float
    idle_timeout: float
    attributes: Mapping[str, str]
    traced: bytes
    cookies: Callable[[h11.Response], list[Header]]  # that the answer gets
    answered: Callable[[int], None]  # told the status as soon as the target answers


async def carry(client: Channel, request: h11.Request, target: Target, passage: Passage) -> None:
    """Answers 502 for a target that refuses or breaks off, 504 for one that keeps silent.

    Once the target's answer has begun, cutting the connection is all that is left to say.
    """
    target.in_flight += 1
    try:
        upstream = await connect(target.address, target.port, passage.connect_timeout)
    except TimeoutError:
        await answers.answer(client, answers.error(answers.TIMEOUT))
    except OSError:
        await answers.answer(client, answers.error(answers.BAD_GATEWAY))
    else:
        target.connections.add(upstream.writer)
        try:
            await _exchange(client, upstream, request, passage)
        finally:
            target.connections.discard(upstream.writer)
            upstream.close()
    finally:
        target.in_flight -= 1


async def _exchange(
    client: Channel, upstream: Channel, request: h11.Request, passage: Passage
) -> None:
    exchange = Exchange(client, upstream, passage)
    try:
        await exchange.run(request)
    except ClientGone:
        client.abort()
    except TimeoutError:
        await _give_up(client, exchange, answers.TIMEOUT)
    except (OSError, h11.ProtocolError):
        await _give_up(client, exchange, answers.BAD_GATEWAY)


async def _give_up(client: Channel, exchange: Exchange, status: HTTPStatus) -> None:
    if exchange.answering:
        client.abort()
    else:
        await answers.answer(client, answers.error(status))


class Exchange:
    def __init__(self, client: Channel, upstream: Channel, passage: Passage) -> None:
        self.answering = False
        self._switched = False
        self._client = client
        self._upstream = upstream
        self._passage = passage

    async def run(self, request: h11.Request) -> None:
        """TimeoutError when no byte went either way for as long as the balancer waits."""
        async with asyncio.timeout(self._passage.idle_timeout) as self._deadline:
            await self._upstream.send(_to_target(request, self._client, self._passage))
            await self._together(self._upload(), self._download())
            if self._switched:
                await self._tunnel()

    async def _together(
        self, upload: Coroutine[Any, Any, None], download: Coroutine[Any, Any, None]
    ) -> None:
        """Until the download ends, or the upload fails."""
        up, down = asyncio.create_task(upload), asyncio.create_task(download)
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if up.done():
                up.result()
            await down
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _upload(self) -> None:
        """The body; after it, whether the client stays."""
        while isinstance(event := await self._from_client(), h11.Data):
            self._touch()
            if not await self._to_upstream(event):
                return
        if isinstance(event, h11.EndOfMessage):
            await self._to_upstream(h11.EndOfMessage())
        if await self._client.closed_by_peer():
            raise ClientGone

    async def _download(self) -> None:
        while True:
            event = await self._upstream.receive()
            self._touch()
            match event:
                case h11.InformationalResponse(status_code=101):
                    await self._switch(event)
                    return
                case h11.Response():
                    await self._begin(event)
                case h11.Data():
                    await self._to_client(event)
                case h11.EndOfMessage():
                    await self._to_client(h11.EndOfMessage())
                    return
                case h11.InformationalResponse():
                    pass  # 100 is between the target and us, the rest nobody waits for
                case _:
                    raise ConnectionResetError("the target closed the connection")

    async def _begin(self, response: h11.Response) -> None:
        self._passage.answered(response.status_code)
        answer = h11.Response(
            status_code=response.status_code,
            headers=[*headers.to_client(response), *self._passage.cookies(response)],
            reason=response.reason,
        )
        self.answering = True
        await self._to_client(answer)

    async def _switch(self, response: h11.InformationalResponse) -> None:
        self._passage.answered(response.status_code)
        self.answering = self._switched = True
        switched = headers.to_switched_client(response)
        await self._to_client(h11.InformationalResponse(status_code=101, headers=switched))

    async def _tunnel(self) -> None:
        """Bytes both ways, until either side closes."""
        up = self._pipe(self._client, self._upstream)
        down = self._pipe(self._upstream, self._client)
        tasks = [asyncio.create_task(up), asyncio.create_task(down)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pipe(self, source: Channel, sink: Channel) -> None:
        data: bytes = source.http.trailing_data[0] or await source.reader.read(CHUNK)
        while data:
            self._touch()
            sink.writer.write(data)
            await sink.writer.drain()
            data = await source.reader.read(CHUNK)

    async def _from_client(self) -> object:
        try:
            event = await self._client.receive()
        except (OSError, h11.RemoteProtocolError) as error:
            raise ClientGone from error
        if isinstance(event, h11.ConnectionClosed):
            raise ClientGone
        return event

    async def _to_client(self, event: h11.Event) -> None:
        try:
            await self._client.send(event)
        except OSError as error:
            raise ClientGone from error

    async def _to_upstream(self, event: h11.Event) -> bool:
        """False: the target takes no more, though it may still have an answer for us."""
        try:
            await self._upstream.send(event)
        except OSError:
            return False
        return True

    def _touch(self) -> None:
        if not self._deadline.expired():
            self._deadline.reschedule(
                asyncio.get_running_loop().time() + self._passage.idle_timeout
            )


def _to_target(request: h11.Request, client: Channel, passage: Passage) -> h11.Request:
    peer = client.writer.get_extra_info("peername")
    return h11.Request(
        method=request.method,
        target=request.target,
        headers=headers.to_target(
            request, peer, passage.listener, passage.attributes, passage.traced
        ),
    )
