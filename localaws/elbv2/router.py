"""The load balancers' one real port: each request to where the rules send it."""

from __future__ import annotations

import asyncio
from functools import partial

import h11

from localaws.clock import Clock
from localaws.elbv2 import answers, choosing, proxy, redirects, routing, stickiness
from localaws.elbv2.channel import Channel
from localaws.elbv2.conditions import Seen
from localaws.elbv2.model import FixedResponse, Forward, Listener, Redirect, Timing
from localaws.elbv2.proxy import Passage
from localaws.elbv2.store import Store

CLIENT_IDLE = 60.0  # seconds that a client may keep a connection without asking anything


class Router:
    def __init__(self, store: Store, timing: Timing, clock: Clock) -> None:
        self._store = store
        self._timing = timing
        self._clock = clock
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
            async with asyncio.timeout(self._timing.idle_timeout or CLIENT_IDLE):
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
        seen = routing.seen(request, client.writer.get_extra_info("peername")[0])
        decision = routing.decide(self._store.state.listeners.values(), seen)
        if decision is None:  # no load balancer listens here
            await answers.answer(client, answers.error(answers.UNAVAILABLE))
            return
        match decision.action:
            case FixedResponse() as fixed:
                await answers.answer(client, fixed)
            case Redirect() as redirect:
                reached = self._reached(decision.listener)
                query = routing.query(request.target.decode("latin-1"))
                where = redirects.location(redirect, seen, reached, query)
                await answers.redirect(client, redirect.status, where)
            case Forward() as forward:
                await self._forward(client, request, seen, forward, decision.listener)

    async def _forward(
        self,
        client: Channel,
        request: h11.Request,
        seen: Seen,
        forward: Forward,
        listener: Listener,
    ) -> None:
        choice = choosing.choose(forward, self._store, seen, self._clock.now())
        if choice is None:
            await answers.answer(client, answers.error(answers.UNAVAILABLE))
            return
        balancer = self._store.load_balancer(listener.load_balancer_arn)
        passage = Passage(
            listener=self._reached(listener),
            connect_timeout=self._timing.connect_timeout,
            idle_timeout=self._timing.idle_timeout or balancer.idle_timeout,
            attributes=balancer.attributes,
            cookies=partial(stickiness.set_cookies, forward, choice.group, choice.target),
        )
        await proxy.carry(client, request, choice.target, passage)

    def _reached(self, listener: Listener) -> tuple[str, int]:
        """The protocol and port that a client sees: those of the router, unless TLS ends
        before it."""
        secure = listener.protocol == "HTTPS"
        return (listener.protocol, listener.port) if secure else ("HTTP", self._port)


async def _refuse(client: Channel) -> None:
    if client.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        await answers.answer(client, answers.error(answers.BAD_REQUEST))
