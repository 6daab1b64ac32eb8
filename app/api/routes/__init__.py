"""Every route there is. All but health are behind one router that asks for a token."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from app.api import auth
from app.api.routes import (
    accounts,
    apps,
    config_vars,
    deploys,
    dynos,
    events,
    formation,
    health,
    operations,
    releases,
)
from app.api.schemas.errors import ErrorOut

_REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorOut, "description": "Refused: `message` says what to do."},
    "5XX": {"model": ErrorOut, "description": "Failed on our side."},
    422: {"model": ErrorOut, "description": "It can never succeed as written."},
}
_guarded = APIRouter(
    dependencies=[Depends(auth.version_3), Depends(auth.account, scope="function")]
)
for _noun in (accounts, apps, config_vars, deploys, dynos, events, formation, operations, releases):
    _guarded.include_router(_noun.router)

router = APIRouter(responses=_REFUSED)
router.include_router(health.router)
router.include_router(_guarded)
