"""Living dynos, as they are shown."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.db import paging
from app.db.models import App, Dyno, Release
from app.db.paging import Query, Shown
from app.domain.errors import NotFound
from app.domain.page import Page, Range
from app.services.listings.keys import as_uuid

_FIELDS = {"name": Dyno.name, "id": Dyno.id}


def page(session: Session, of: App, asked: Range) -> Page[Shown]:
    return paging.fetch(session, _dynos(of), _FIELDS, asked)


def one(session: Session, of: App, name: str) -> Shown:
    """A living dyno by name or id."""
    living = _dynos(of)
    id = as_uuid(name)
    row = session.execute(living.where(Dyno.id == id if id else Dyno.name == name)).one_or_none()
    if row is None:
        raise NotFound("dyno", name)
    return row


def _dynos(of: App) -> Query:
    same_release = and_(Release.app_id == Dyno.app_id, Release.version == Dyno.release_version)
    return (
        select(
            Dyno.id,
            Dyno.name,
            Dyno.process_type,
            Dyno.state,
            Dyno.size,
            Dyno.command,
            Dyno.instance,
            Dyno.created_at,
            Dyno.updated_at,
            Dyno.release_version,
            Release.id.label("release_id"),
            App.id.label("app_id"),
            App.name.label("app_name"),
        )
        .join(App, App.id == Dyno.app_id)
        .outerjoin(Release, same_release)
        .where(App.id == of.id, Dyno.stopped_at.is_(None))
    )
