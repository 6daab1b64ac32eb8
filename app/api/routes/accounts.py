"""The account that asks."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.api.auth import Actor
from app.api.json import answer
from app.api.schemas.accounts import AccountOut, account_out

router = APIRouter(tags=["account"])


@router.get("/account", response_model=AccountOut)
@router.get("/users/~", response_model=AccountOut)
def show_account(actor: Actor) -> Response:
    return answer(account_out(actor))
