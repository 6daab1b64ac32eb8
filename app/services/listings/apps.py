"""Apps, as they are shown."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import paging
from app.db.models import Account, App, Cluster
from app.db.paging import Query, Shown
from app.domain.page import Page, Range

_FIELDS = {"name": App.name, "id": App.id}
_SHOWN: Query = (
    select(
        App.id,
        App.name,
        App.created_at,
        App.updated_at,
        App.released_at,
        App.owner_id,
        Account.email.label("owner_email"),
        Cluster.region,
    )
    .join(Account, Account.id == App.owner_id)
    .join(Cluster, Cluster.id == App.cluster_id)
)


def page(session: Session, asked: Range) -> Page[Shown]:
    return paging.fetch(session, _SHOWN.where(App.destroyed_at.is_(None)), _FIELDS, asked)


def one(session: Session, id: UUID) -> Shown:
    """Of a destroyed app too: its answer is the last that is seen of it."""
    return session.execute(_SHOWN.where(App.id == id)).one()
