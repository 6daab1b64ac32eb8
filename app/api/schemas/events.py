"""Events: the same JSON in a list and in a stream."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.api.json import Time, json_of
from app.api.schemas.named import Identity, Named
from app.db.paging import Shown


class EventOut(BaseModel):
    id: int
    kind: str
    message: str
    app: Named
    operation: Identity | None
    data: dict[str, Any]
    created_at: Time


def event_out(row: Shown) -> EventOut:
    operation: UUID | None = row.operation_id
    return EventOut(
        id=row.id,
        kind=row.kind,
        message=row.message,
        app=Named(id=row.app_id, name=row.app_name),
        operation=Identity(id=operation) if operation else None,
        data=row.data,
        created_at=row.created_at,
    )


def event_json(row: Shown) -> bytes:
    return json_of(event_out(row))
