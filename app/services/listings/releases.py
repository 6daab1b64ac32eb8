"""Releases, as they are shown."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import paging
from app.db.models import Account, App, Release
from app.db.paging import Query, Shown
from app.domain.page import Page, Range

_FIELDS = {"version": Release.version, "id": Release.id}
_SHOWN: Query = (
    select(
        Release.id,
        Release.version,
        Release.created_at,
        Release.description,
        Release.status,
        Release.slug_id,
        Release.actor_id,
        Account.email.label("actor_email"),
        App.id.label("app_id"),
        App.name.label("app_name"),
        (App.current_release_id == Release.id).label("current"),
    )
    .join(App, App.id == Release.app_id)
    .outerjoin(Account, Account.id == Release.actor_id)
)


def page(session: Session, of: App, asked: Range) -> Page[Shown]:
    return paging.fetch(session, _SHOWN.where(Release.app_id == of.id), _FIELDS, asked)


def one(session: Session, id: UUID) -> Shown:
    return session.execute(_SHOWN.where(Release.id == id)).one()
