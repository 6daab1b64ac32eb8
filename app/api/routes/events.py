"""Events of an app: a list, or a stream for those who accept text/event-stream."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response

from app.api import ranges
from app.api.deps import AppDep, SessionDep, StreamsDep
from app.api.ranges import Fields, ranged, serial
from app.api.refusals import Refusal
from app.api.schemas.events import EventOut, event_out
from app.domain.page import Range
from app.services import listings

router = APIRouter(tags=["events"])

_FIELDS: Fields = {"id": serial}
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


@router.get("/apps/{app}/events", response_model=list[EventOut], responses=_STREAMED)
def list_events(
    app: AppDep,
    session: SessionDep,
    streams: StreamsDep,
    asked: Annotated[Range, Depends(ranged(_FIELDS))],
    operation: UUID | None = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """As a stream: those after `Last-Event-ID`, else those that happen from now on."""
    if "text/event-stream" in accept:
        after = _seen(last_event_id) if last_event_id else None
        return streams.events(app.id, after=after, operation_id=operation)
    page = listings.events.page(session, app, asked, operation_id=operation)
    return ranges.answer(page, event_out, _FIELDS)


def _seen(last_event_id: str) -> int:
    try:
        return serial(last_event_id.strip())
    except ValueError:
        message = "Last-Event-ID must be the id of an event: a number."
        raise Refusal(400, "bad_request", message) from None
