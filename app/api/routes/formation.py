"""The formation: list, show, scale."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.api import ranges
from app.api.auth import Actor
from app.api.deps import AppDep, Message, SessionDep
from app.api.json import answer, answers
from app.api.ranges import Fields, ranged
from app.api.schemas.formation import FormationOut, FormationUpdate, ProcessUpdate, formation_out
from app.domain.page import Range
from app.services import formation, listings

router = APIRouter(prefix="/apps/{app}/formation", tags=["formation"])

_FIELDS: Fields = {"type": str, "id": UUID}


@router.get("", response_model=list[FormationOut])
def list_formation(
    app: AppDep, session: SessionDep, asked: Annotated[Range, Depends(ranged(_FIELDS))]
) -> Response:
    return ranges.answer(listings.formation.page(session, app, asked), formation_out, _FIELDS)


@router.patch("", response_model=list[FormationOut])
def scale(
    app: AppDep, body: FormationUpdate, session: SessionDep, actor: Actor, message: Message
) -> Response:
    """Change several process types in one operation; what an update does not name stays."""
    scaled = formation.scale(session, app, body.changes(), actor=actor, message=message)
    rows = listings.formation.several(session, app, [row.process_type for row in scaled])
    return answers([formation_out(row) for row in rows])


@router.get("/{process_type}", response_model=FormationOut)
def show_process_type(app: AppDep, process_type: str, session: SessionDep) -> Response:
    return answer(formation_out(listings.formation.one(session, app, process_type)))


@router.patch("/{process_type}", response_model=FormationOut)
def scale_process_type(
    app: AppDep,
    process_type: str,
    body: ProcessUpdate,
    session: SessionDep,
    actor: Actor,
    message: Message,
) -> Response:
    change = body.change(process_type)
    formation.scale(session, app, [change], actor=actor, message=message)
    return answer(formation_out(listings.formation.one(session, app, process_type)))
