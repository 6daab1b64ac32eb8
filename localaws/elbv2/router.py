"""The load balancers' one real port: each request to where the rules send it."""

from __future__ import annotations

import asyncio
from functools import partial

import h11

from localaws.clock import Clock
from localaws.elbv2 import (
    answers,
    attributes,
    choosing,
    headers,
    proxy,
    redirects,
    routing,
    stickiness,
)
from localaws.elbv2.access_logs import AccessLogs
from localaws.elbv2.channel import Channel
from localaws.elbv2.conditions import Seen
from localaws.elbv2.log_entry import Passed, line
from localaws.elbv2.model import FixedResponse, Forward, Listener, Redirect, Timing
from localaws.elbv2.proxy import Passage
from localaws.elbv2.store import Store

CLIENT_LEFT = 460  # in logs: before it had an answer
CLIENT_IDLE = 60.0  # seconds that a client may keep a connection without asking anything


class Router:
    def __init__(self, store: Store, timing: Timing, clock: Clock, logs: AccessLogs) -> None:
        self._store = store
        self._timing = timing
        self._clock = clock
        self._logs = logs
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
        before = client.received, client.sent
        try:
            async with asyncio.timeout(self._timing.idle_timeout or CLIENT_IDLE):
                request = await client.receive()
            if not isinstance(request, h11.Request):
                return False
            await self._respond(client, request, before)
            await answers.read_rest(client)
        except h11.RemoteProtocolError:
            await _refuse(client)
            return False
        return client.http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    async def _respond(
        self, client: Channel, request: h11.Request, before: tuple[int, int]
    ) -> None:
        """`before`: bytes received and sent until then."""
        if request.method == b"CONNECT":  # a balancer is no way out
            await answers.answer(client, answers.error(answers.NOT_ALLOWED))
            return
        peer = client.writer.get_extra_info("peername")
        seen = routing.seen(request, peer[0])
        decision = routing.decide(self._store.state.listeners.values(), seen)
        if decision is None:  # no load balancer listens here
            await answers.answer(client, answers.error(answers.UNAVAILABLE))
            return
        passed = Passed(
            request=request,
            client=peer,
            created=self._clock.now(),
            decision=decision,
            reached=self._reached(decision.listener),
            traced=headers.trace(request),
            connection=f"TID_{client.id}",
        )
        client.status = None
        try:
            await self._act(client, seen, passed)
        finally:
            self._log(client, passed, before)

    async def _act(self, client: Channel, seen: Seen, passed: Passed) -> None:
        match passed.decision.action:
            case FixedResponse() as fixed:
                await answers.answer(client, fixed)
            case Redirect() as redirect:
                query = routing.query(passed.request.target.decode("latin-1"))
                where = redirects.location(redirect, seen, passed.reached, query)
                passed.redirected = where
                await answers.redirect(client, redirect.status, where)
            case Forward() as forward:
                await self._forward(client, seen, forward, passed)

    async def _forward(self, client: Channel, seen: Seen, forward: Forward, passed: Passed) -> None:
        choice = choosing.choose(forward, self._store, seen, self._clock.now())
        if choice is None:
            await answers.answer(client, answers.error(answers.UNAVAILABLE))
            return
        balancer = self._store.load_balancer(passed.decision.listener.load_balancer_arn)
        passage = Passage(
            listener=passed.reached,
            connect_timeout=self._timing.connect_timeout,
            idle_timeout=self._timing.idle_timeout or balancer.idle_timeout,
            attributes=balancer.attributes,
            traced=passed.traced,
            cookies=partial(stickiness.set_cookies, forward, choice.group, choice.target),
            answered=lambda status: passed.answer(status, self._clock.now()),
        )
        passed.group, passed.dispatched = choice.group.arn, self._clock.now()
        passed.target = choice.target.address, choice.target.port
        await proxy.carry(client, passed.request, choice.target, passage)

    def _log(self, client: Channel, passed: Passed, before: tuple[int, int]) -> None:
        arn = passed.decision.listener.load_balancer_arn
        balancer = self._store.state.load_balancers.get(arn)
        if balancer is None or balancer.attributes[attributes.LOGGED] != "true":
            return
        counted = client.received - before[0], client.sent - before[1]
        status = client.status or CLIENT_LEFT
        self._logs.keep(balancer, line(passed, arn, status, counted, self._clock.now()))

    def _reached(self, listener: Listener) -> tuple[str, int]:
        """The protocol and port that a client sees: those of the router, unless TLS ends
        before it."""
        secure = listener.protocol == "HTTPS"
        return (listener.protocol, listener.port) if secure else ("HTTP", self._port)


async def _refuse(client: Channel) -> None:
    if client.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        await answers.answer(client, answers.error(answers.BAD_REQUEST))
