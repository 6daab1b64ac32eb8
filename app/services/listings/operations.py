"""Operations, as they are shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.orm import Session, aliased

from app.db import paging
from app.db.models import Account, App, Operation, Release, Service
from app.db.paging import Query, Shown
from app.domain.errors import NotFound
from app.domain.page import Page, Range
from app.services.listings.keys import as_uuid

_FIELDS = {"number": Operation.number, "id": Operation.id}
_Older = aliased(Operation)
_Newer = aliased(Operation)


def _superseded() -> ColumnElement[Any]:
    each = func.jsonb_build_object("id", _Older.id, "number", _Older.number)
    return (
        select(func.jsonb_agg(each))
        .where(
            _Older.app_id == Operation.app_id,
            _Older.superseded_by_id == Operation.id,
        )
        .correlate(Operation)
        .scalar_subquery()
    )


def _observed() -> ColumnElement[Any]:
    """What ECS shows now of the app's process types."""
    each = func.jsonb_build_object(
        "type",
        Service.process_type,
        "desired",
        Service.desired,
        "running",
        Service.running,
        "pending",
        Service.pending,
    )
    return (
        select(func.jsonb_agg(each))
        .where(Service.app_id == Operation.app_id)
        .correlate(Operation)
        .scalar_subquery()
    )


_SHOWN: Query = (
    select(
        Operation.id,
        Operation.number,
        Operation.kind,
        Operation.status,
        Operation.summary,
        Operation.message,
        Operation.reason,
        Operation.reached,
        Operation.generation,
        Operation.created_at,
        Operation.updated_at,
        Operation.finished_at,
        Operation.actor_id,
        Account.email.label("actor_email"),
        App.id.label("app_id"),
        App.name.label("app_name"),
        Release.id.label("release_id"),
        Release.version.label("release_version"),
        _Newer.id.label("superseded_by_id"),
        _Newer.number.label("superseded_by_number"),
        _superseded().label("supersedes"),
        _observed().label("processes"),
    )
    .join(App, App.id == Operation.app_id)
    .outerjoin(Account, Account.id == Operation.actor_id)
    .outerjoin(Release, Release.id == Operation.release_id)
    .outerjoin(_Newer, _Newer.id == Operation.superseded_by_id)
)


def page(session: Session, of: App, asked: Range) -> Page[Shown]:
    return paging.fetch(session, _SHOWN.where(Operation.app_id == of.id), _FIELDS, asked)


def one(session: Session, key: str, *, of: App | None = None) -> Shown:
    """By id; within an app by number too."""
    statement = _SHOWN.where(_named(key) if of is None else _named_within(of, key))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("operation", key)
    return row


def _named_within(app: App, key: str) -> ColumnElement[bool]:
    if key.isascii() and key.isdigit() and len(key) < 10:
        return and_(Operation.app_id == app.id, Operation.number == int(key))
    return and_(Operation.app_id == app.id, _named(key))


def _named(key: str) -> ColumnElement[bool]:
    id = as_uuid(key)
    return Operation.id == id if id else false()
