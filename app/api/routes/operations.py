"""Operations: list, show."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.api import ranges
from app.api.deps import AppDep, SessionDep
from app.api.json import answer
from app.api.ranges import Fields, number, ranged
from app.api.schemas.operations import OperationOut, operation_out
from app.domain.page import Range
from app.services import listings

router = APIRouter(tags=["operations"])

_FIELDS: Fields = {"number": number, "id": UUID}


@router.get("/apps/{app}/operations", response_model=list[OperationOut])
def list_operations(
    app: AppDep, session: SessionDep, asked: Annotated[Range, Depends(ranged(_FIELDS))]
) -> Response:
    return ranges.answer(listings.operations.page(session, app, asked), operation_out, _FIELDS)


@router.get("/apps/{app}/operations/{operation}", response_model=OperationOut)
def show_operation_of_app(app: AppDep, operation: str, session: SessionDep) -> Response:
    """By number or id."""
    return answer(operation_out(listings.operations.one(session, operation, of=app)))


@router.get("/operations/{operation}", response_model=OperationOut)
def show_operation(operation: str, session: SessionDep) -> Response:
    """By id; this is how one follows what destroys an app."""
    return answer(operation_out(listings.operations.one(session, operation)))
