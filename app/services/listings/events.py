"""Events, as they are shown and as streams read them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import paging
from app.db.models import App, Event
from app.db.paging import Query, Shown
from app.domain.page import Page, Range

_FIELDS = {"id": Event.id}


def page(
    session: Session, of: App, asked: Range, *, operation_id: UUID | None = None
) -> Page[Shown]:
    return paging.fetch(session, _events(of.id, operation_id), _FIELDS, asked)


def after(
    session: Session, app_id: UUID, seen: int, *, operation_id: UUID | None = None, limit: int
) -> Sequence[Shown]:
    """What a stream has not told yet. Ids ascend in commit order within an app: none is missed."""
    newer = _events(app_id, operation_id).where(Event.id > seen)
    return session.execute(newer.order_by(Event.id).limit(limit)).all()


def newest(session: Session, app_id: UUID) -> int:
    return session.scalar(select(func.max(Event.id)).where(Event.app_id == app_id)) or 0


def _events(app_id: UUID, operation_id: UUID | None) -> Query:
    statement = (
        select(
            Event.id,
            Event.kind,
            Event.message,
            Event.data,
            Event.created_at,
            Event.operation_id,
            App.id.label("app_id"),
            App.name.label("app_name"),
        )
        .join(App, App.id == Event.app_id)
        .where(Event.app_id == app_id)
    )
    if operation_id:
        statement = statement.where(Event.operation_id == operation_id)
    return statement
