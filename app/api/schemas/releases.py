"""Releases, in Heroku's shape."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StrictInt, StrictStr

from app.api.json import Time
from app.api.schemas.named import Identity, Named, Person, author
from app.db.paging import Shown


class Rollback(BaseModel):
    """Heroku's CLI sends the id, heroku3 `"v1"`, emp `"1"`."""

    release: Annotated[StrictStr | StrictInt, Field(examples=["v1"])]


class ReleaseOut(BaseModel):
    id: UUID
    version: int
    description: str
    status: Literal["pending", "succeeded", "failed", "expired"]
    current: bool
    eligible_for_rollback: bool
    app: Named
    user: Person
    slug: Identity
    created_at: Time
    updated_at: Time
    addon_plan_names: list[str] = []
    artifacts: list[str] = []
    output_stream_url: str | None = None


def release_out(row: Shown) -> ReleaseOut:
    return ReleaseOut(
        id=row.id,
        version=row.version,
        description=row.description,
        status=row.status,
        current=bool(row.current),
        eligible_for_rollback=row.status == "succeeded",
        app=Named(id=row.app_id, name=row.app_name),
        user=author(row.actor_id, row.actor_email),
        slug=Identity(id=row.slug_id),
        created_at=row.created_at,
        updated_at=row.created_at,
    )
