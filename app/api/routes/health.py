"""Whether this process can do its work: asked by load balancers, without a token."""

from __future__ import annotations

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.api.deps import parts
from app.api.refusals import Refusal
from app.db.engine import Sessions

router = APIRouter(tags=["health"])

_SECONDS = 1.0
_AT_ONCE = 2  # probes of a database that hangs must not use up the threads of the others


class Health(BaseModel):
    status: str = "ok"


@router.get("/health")
async def health(request: Request) -> Health:
    with anyio.move_on_after(_SECONDS):
        if await to_thread.run_sync(
            _answers, parts(request).sessions, limiter=_limiter(request), abandon_on_cancel=True
        ):
            return Health()
    raise Refusal(
        503,
        "service_unavailable",
        f"The database did not answer within {_SECONDS:.0f} second.",
        {"Retry-After": "1"},
    )


def _answers(sessions: Sessions) -> bool:
    try:
        with sessions() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _limiter(request: Request) -> CapacityLimiter:
    state = request.app.state
    if not hasattr(state, "health_limiter"):  # it belongs to the running event loop
        state.health_limiter = CapacityLimiter(_AT_ONCE)
    limiter: CapacityLimiter = state.health_limiter
    return limiter
