"""Apps: create, list, show, rename, destroy."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.api import ranges
from app.api.auth import Actor
from app.api.deps import AppDep, Message, SessionDep, SiteDep
from app.api.json import answer
from app.api.ranges import Fields, ranged
from app.api.schemas.apps import AppCreate, AppOut, AppUpdate, app_out
from app.domain.errors import Invalid
from app.domain.page import Range
from app.services import apps, listings

router = APIRouter(tags=["apps"])

_FIELDS: Fields = {"name": str, "id": UUID}


@router.get("/apps", response_model=list[AppOut])
@router.get("/users/~/apps", response_model=list[AppOut])
def list_apps(
    session: SessionDep, site: SiteDep, asked: Annotated[Range, Depends(ranged(_FIELDS))]
) -> Response:
    page = listings.apps.page(session, asked)
    return ranges.answer(page, lambda row: app_out(row, site), _FIELDS)


@router.post("/apps", response_model=AppOut, status_code=201)
@router.post("/organizations/apps", response_model=AppOut, status_code=201)
@router.post("/teams/apps", response_model=AppOut, status_code=201)
def create_app(
    session: SessionDep,
    site: SiteDep,
    actor: Actor,
    message: Message,
    body: AppCreate | None = None,
) -> Response:
    """Without a name, the app is given one."""
    name = body.name if body else None
    app = apps.create(session, name, owner=actor, cluster=site.cluster, message=message)
    return answer(app_out(listings.apps.one(session, app.id), site), 201)


@router.get("/apps/{app}", response_model=AppOut)
def show_app(app: AppDep, session: SessionDep, site: SiteDep) -> Response:
    return answer(app_out(listings.apps.one(session, app.id), site))


@router.patch("/apps/{app}", response_model=AppOut)
def update_app(
    app: AppDep,
    body: AppUpdate,
    session: SessionDep,
    site: SiteDep,
    actor: Actor,
    message: Message,
) -> Response:
    """Rename. There is no maintenance mode yet, so asking for it is refused."""
    if body.maintenance:
        raise Invalid("Maintenance mode is not available here; scale web=0 to take the app down.")
    if body.name is not None:
        app = apps.rename(session, app, body.name, actor=actor, message=message)
    return answer(app_out(listings.apps.one(session, app.id), site))


@router.delete("/apps/{app}", response_model=AppOut)
def destroy_app(
    app: AppDep, session: SessionDep, site: SiteDep, actor: Actor, message: Message
) -> Response:
    """The app is gone at once. `Operation-Id` names the operation that clears up behind it."""
    operation = apps.destroy(session, app, actor=actor, message=message)
    destroyed = answer(app_out(listings.apps.one(session, app.id), site))
    destroyed.headers["Operation-Id"] = str(operation.id)
    return destroyed
