"""Apps, in Heroku's shape."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.json import Time
from app.api.schemas.named import Named, Person, constant
from app.api.site import Site
from app.db.paging import Shown

# "container" is what makes `heroku container:release` willing, and what apps here are.
STACK = constant("stack", "container")
GENERATION = constant("generation", "cedar")


class AppCreate(BaseModel):
    """Other keys that clients send (stack, region, organization…) are let pass."""

    name: Annotated[str | None, Field(examples=["acme"])] = None


class AppUpdate(BaseModel):
    name: Annotated[str | None, Field(examples=["acme-two"])] = None
    maintenance: bool | None = None


class AppOut(BaseModel):
    id: UUID
    name: str
    owner: Person
    region: Named
    stack: Named
    build_stack: Named
    generation: Named
    web_url: str
    git_url: str | None = None
    created_at: Time
    updated_at: Time
    released_at: Time | None
    archived_at: Time | None = None
    acm: bool = False
    maintenance: bool = False
    internal_routing: bool | None = None
    buildpack_provided_description: str | None = None
    repo_size: int | None = None
    slug_size: int | None = None
    organization: Named | None = None
    team: Named | None = None
    space: Named | None = None


def app_out(row: Shown, site: Site) -> AppOut:
    return AppOut(
        id=row.id,
        name=row.name,
        owner=Person(id=row.owner_id, email=row.owner_email),
        region=constant("region", row.region),
        stack=STACK,
        build_stack=STACK,
        generation=GENERATION,
        web_url=site.web_url(row.name),
        created_at=row.created_at,
        updated_at=row.updated_at,
        released_at=row.released_at,
    )
