"""The load balancers' one real port: each request to where the rules send it."""

from __future__ import annotations

import asyncio

import h11

from localaws.elbv2 import answers, proxy, routing
from localaws.elbv2.channel import Channel
from localaws.elbv2.model import FixedResponse, Timing
from localaws.elbv2.store import Store


class Router:
    def __init__(self, store: Store, timing: Timing) -> None:
        self._store = store
        self._timing = timing
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        self._port = port
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, backlog=1024)

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(Channel(reader, writer, h11.SERVER)))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, client: Channel) -> None:
        try:
            while await self._serve_one(client):
                client.http.start_next_cycle()
        except OSError:  # the client left, or kept silent too long
            client.abort()
        finally:
            client.close()

    async def _serve_one(self, client: Channel) -> bool:
        """Whether the connection can carry another request."""
        try:
            async with asyncio.timeout(self._timing.idle_timeout):
                request = await client.receive()
            if not isinstance(request, h11.Request):
                return False
            await self._respond(client, request)
            await answers.read_rest(client)
        except h11.RemoteProtocolError:
            await _refuse(client)
            return False
        return client.http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    async def _respond(self, client: Channel, request: h11.Request) -> None:
        if request.method == b"CONNECT":  # a balancer is no way out
            await answers.answer(client, answers.error(answers.NOT_ALLOWED))
            return
        action = routing.decide(self._store.listeners.values(), *_seen(request))
        if action is None:  # no load balancer listens here
            await answers.answer(client, answers.error(answers.UNAVAILABLE))
        elif isinstance(action, FixedResponse):
            await answers.answer(client, action)
        elif target := routing.pick(action, self._store):
            await proxy.carry(client, request, target, self._timing, self._port)
        else:
            await answers.answer(client, answers.error(answers.UNAVAILABLE))


def _seen(request: h11.Request) -> tuple[str, str]:
    host = next((value for name, value in request.headers if name == b"host"), b"")
    return routing.host_and_path(host.decode("latin-1"), request.target.decode("latin-1"))


async def _refuse(client: Channel) -> None:
    if client.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        await answers.answer(client, answers.error(answers.BAD_REQUEST))
