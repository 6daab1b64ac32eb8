"""Dynos: list, show, restart, stop. What is asked here is done by an operation: 202 and its id."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.api import ranges
from app.api.auth import Actor
from app.api.deps import AppDep, Message, SessionDep
from app.api.json import answer
from app.api.ranges import Fields, ranged
from app.api.schemas.dynos import DynoOut, dyno_out
from app.db.models import Operation
from app.domain.page import Range
from app.services import dynos, listings

router = APIRouter(prefix="/apps/{app}", tags=["dynos"])

_FIELDS: Fields = {"name": str, "id": UUID}
Nothing = dict[str, str]


@router.get("/dynos", response_model=list[DynoOut])
def list_dynos(
    app: AppDep, session: SessionDep, asked: Annotated[Range, Depends(ranged(_FIELDS))]
) -> Response:
    return ranges.answer(listings.dynos.page(session, app, asked), dyno_out, _FIELDS)


@router.get("/dynos/{name}", response_model=DynoOut)
def show_dyno(app: AppDep, name: str, session: SessionDep) -> Response:
    return answer(dyno_out(listings.dynos.one(session, app, name)))


@router.delete("/dynos", status_code=202, response_model=Nothing)
def restart_all(app: AppDep, session: SessionDep, actor: Actor, message: Message) -> Response:
    return _accepted(dynos.restart(session, app, actor=actor, message=message))


@router.delete("/dynos/{name}", status_code=202, response_model=Nothing)
@router.delete("/formations/{name}", status_code=202, response_model=Nothing)
def restart(
    app: AppDep, name: str, session: SessionDep, actor: Actor, message: Message
) -> Response:
    """One dyno, or all of a process type (CLI 8 names types under /dynos)."""
    return _accepted(dynos.restart(session, app, actor=actor, message=message, name=name))


@router.post("/dynos/{name}/actions/stop", status_code=202, response_model=Nothing)
@router.post("/formations/{name}/actions/stop", status_code=202, response_model=Nothing)
def stop(app: AppDep, name: str, session: SessionDep, actor: Actor, message: Message) -> Response:
    """ECS starts another in its place where one should run."""
    return _accepted(dynos.stop(session, app, name, actor=actor, message=message))


def _accepted(operation: Operation) -> Response:
    headers = {"Operation-Id": str(operation.id)}
    return Response(b"{}", 202, headers, media_type="application/json")
