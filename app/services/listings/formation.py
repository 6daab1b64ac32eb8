"""The formation, as it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import paging
from app.db.models import App, Formation, Release, Slug
from app.db.paging import Query, Shown
from app.domain.errors import NotFound
from app.domain.page import Page, Range

_FIELDS = {"type": Formation.process_type, "id": Formation.id}


def page(session: Session, of: App, asked: Range) -> Page[Shown]:
    return paging.fetch(session, _formation(of), _FIELDS, asked)


def several(session: Session, of: App, types: Sequence[str]) -> list[Shown]:
    """In the order of `types`."""
    rows = session.execute(_formation(of).where(Formation.process_type.in_(types)))
    found = {row.type: row for row in rows}
    return [found[name] for name in types]


def one(session: Session, of: App, name: str) -> Shown:
    row = session.execute(_formation(of).where(Formation.process_type == name)).one_or_none()
    if row is None:
        raise NotFound("process type", name)
    return row


def _formation(of: App) -> Query:
    """Of the process types that should run: those of the desired release's slug."""
    return (
        select(
            Formation.id,
            Formation.process_type.label("type"),
            Formation.quantity,
            Formation.size,
            Formation.created_at,
            App.updated_at,
            App.id.label("app_id"),
            App.name.label("app_name"),
            Slug.process_types[Formation.process_type].astext.label("command"),
        )
        .join(App, App.id == Formation.app_id)
        .join(Release, Release.id == App.desired_release_id)
        .join(Slug, Slug.id == Release.slug_id)
        .where(App.id == of.id, Slug.process_types.has_key(Formation.process_type))
    )
