"""What is told of an app's events: server-sent events to programs, lines to whoever deploys."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import orjson
from starlette.responses import Response

from app.domain.operation import TERMINAL, OperationStatus
from app.streams.channel import Entry
from app.streams.hub import Hub
from app.streams.response import StreamResponse

_RETRY_MILLISECONDS = 2000
_ENDS = {f"operation.{status}": status for status in TERMINAL}  # by kind of event
_HEARTBEAT = b" "  # white space before a line is no part of its JSON


class Following:
    """The `Streams` of `app.ports`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def events(self, app_id: UUID, *, after: int | None, operation_id: UUID | None) -> Response:
        return StreamResponse(self._events(app_id, after, operation_id), "text/event-stream")

    def operation(self, app_id: UUID, operation_id: UUID) -> Response:
        return StreamResponse(self._lines(app_id, operation_id), "application/json")

    async def _events(
        self, app_id: UUID, after: int | None, operation_id: UUID | None
    ) -> AsyncGenerator[bytes]:
        yield b"retry: %d\n\n" % _RETRY_MILLISECONDS
        batches = self._hub.follow(app_id, after=after, operation_id=operation_id)
        async with aclosing(batches):
            async for batch in batches:
                yield b"".join(map(_sse, batch)) or b": still here\n\n"

    async def _lines(self, app_id: UUID, operation_id: UUID) -> AsyncGenerator[bytes]:
        batches = self._hub.follow(app_id, after=0, operation_id=operation_id)
        async with aclosing(batches):
            async for batch in batches:
                for entry in batch:
                    yield _line(entry)
                    if entry.kind in _ENDS:
                        return
                if not batch:
                    yield _HEARTBEAT
        yield _error(f"This stream was cut off. Go on with GET /operations/{operation_id}.")


def _sse(entry: Entry) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (entry.id, entry.kind.encode(), entry.json)


def _line(entry: Entry) -> bytes:
    if _ENDS.get(entry.kind, OperationStatus.SUCCEEDED) != OperationStatus.SUCCEEDED:
        return _error(entry.message)
    return orjson.dumps({"status": entry.message}) + b"\n"


def _error(message: str) -> bytes:
    """Docker's jsonmessage: clients end with an exit code when they read one."""
    return orjson.dumps({"error": message, "errorDetail": {"message": message}}) + b"\n"
