"""Dynos, in Heroku's shape; `host` is Empire's addition."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from app.api.json import Time
from app.api.schemas.named import Named, Versioned
from app.db.paging import Shown


class Host(BaseModel):
    id: str


class DynoOut(BaseModel):
    id: UUID
    name: str
    type: str
    state: str
    size: str
    command: str
    app: Named
    release: Versioned | None
    host: Host
    attach_url: str | None = None
    created_at: Time
    updated_at: Time


def dyno_out(row: Shown) -> DynoOut:
    return DynoOut(
        id=row.id,
        name=row.name,
        type=row.process_type,
        state=row.state,
        size=row.size,
        command=row.command,
        app=Named(id=row.app_id, name=row.app_name),
        release=Versioned(id=row.release_id, version=row.release_version)
        if row.release_id
        else None,
        host=Host(id=row.instance),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
