"""The one address: each request goes to a service of ours, to moto or to the registry."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from localaws import longpoll
from localaws.bus import Aws
from localaws.faults.calls import Calls
from localaws.faults.stale import StaleReads
from localaws.wire.answer import Answer, Perform, answer
from localaws.wire.called import Called, called
from localaws.wire.refusal import refusal
from localaws.wire.request import Request, owner

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Local = Callable[[Request], Awaitable[tuple[int, Mapping[str, Any]]]]

LOCAL_READS = {"health", "seed"}  # what can only be asked, never told
BODY_LIMIT = 64 * 1024 * 1024  # bytes


class Front:
    def __init__(
        self,
        aws: Aws,
        registry: Asgi,
        local: Mapping[str, Local],
        calls: Calls,
        stale: StaleReads,
    ) -> None:
        """`local` answers what is below `/_local/`, by the path's next part; see `LOCAL_READS`."""
        self._aws = aws
        self._registry = registry
        self._calls, self._stale = calls, stale
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/v2/") and not _signed(scope):
            await self._registry(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            await _send(send, _json(413, {"message": "The body is over 64 MiB."}))
            return
        request = _request(scope, body)
        if request.signed_for == "sqs" and longpoll.is_receive(request):
            await self._answer_while_there(request, receive, send)
        else:
            await _send(send, await self._answer(request))

    async def _answer_while_there(self, request: Request, receive: Receive, send: Send) -> None:
        """A receiver that went away while it waited must not take the next message with it."""
        answering = asyncio.ensure_future(self._answer(request))
        leaving = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                await _send(send, answering.result())
        finally:
            answering.cancel()
            leaving.cancel()

    async def _answer(self, request: Request) -> Answer:
        if request.path.startswith("/_local/"):
            return await self._answer_locally(request)
        service = owner(request, self._aws.owned())
        if self._calls.disturbed and (asked := called(request, service)):
            return await self._answer_disturbed(request, service, asked)
        return await self._answer_well(request, service)

    async def _answer_disturbed(
        self, request: Request, service: str | None, asked: Called
    ) -> Answer:
        if refused := self._calls.refusal(asked):
            return refusal(asked.service, request, refused)
        found = await self._answer_well(request, service, self._stale.performer(asked))
        await self._calls.delay(asked)
        return found

    async def _answer_well(
        self, request: Request, service: str | None, perform: Perform | None = None
    ) -> Answer:
        if service is not None:
            return await answer(service, request, perform or self._aws.perform)
        return await self._aws.moto.handle(request)

    async def _answer_locally(self, request: Request) -> Answer:
        name, *below = request.path.split("/")[2:]
        local = self._local.get(name)
        read_only = request.method in ("GET", "HEAD") and not below
        if local is None or (name in LOCAL_READS and not read_only):
            return _json(404, {"message": f"There is no {request.method} {request.path}."})
        try:
            return _json(*await local(request))
        finally:
            if not read_only:
                self._aws.touched()


def _signed(scope: Scope) -> bool:
    """A registry's client never signs with SigV4; some of AWS's own APIs also begin with /v2/."""
    return any(k == b"authorization" and v.startswith(b"AWS4-") for k, v in scope["headers"])


async def _body(receive: Receive) -> bytes | None:
    """None when it is over the limit or the client went away."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_LIMIT:
            return None
        if not message.get("more_body"):
            return b"".join(chunks)


def _request(scope: Scope, body: bytes) -> Request:
    headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
    path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        scope["method"], path.decode("latin-1"), scope["query_string"].decode(), headers, body
    )


def _json(status: int, document: Mapping[str, Any]) -> Answer:
    return Answer(status, (("content-type", "application/json"),), json.dumps(document).encode())


async def _send(send: Send, answer: Answer) -> None:
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
    if b"content-length" not in dict(headers):  # of what a HEAD is answered without
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
