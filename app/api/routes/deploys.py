"""Deploys, as Empire has them: an image by name, followed line by line if wanted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from app.api.auth import Actor
from app.api.deps import AppDep, Message, SessionDep, SiteDep, StreamsDep
from app.api.json import answer
from app.api.schemas.deploys import Deploy
from app.api.schemas.operations import OperationOut, operation_out
from app.db.models import App, Operation
from app.ports import Streams
from app.services import deploys, listings

router = APIRouter(tags=["deploys"])

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `stream`: one JSON object a line, until the operation has ended. "
        "The last is `{error, errorDetail}` if it did not succeed.",
        "content": {"application/json": {"examples": {"line": {"value": {"status": "…"}}}}},
    }
}


@router.post("/deploys", status_code=202, response_model=OperationOut, responses=_STREAMED)
def deploy_image(
    body: Deploy,
    session: SessionDep,
    site: SiteDep,
    streams: StreamsDep,
    actor: Actor,
    message: Message,
) -> Response:
    """To the app named like the image's last part, which is made if it is not there."""
    app = deploys.app_for(session, body.image, owner=actor, cluster=site.cluster, message=message)
    operation = deploys.deploy(session, app, body.image, actor=actor, message=message)
    return _followed(session, streams, app, operation, stream=bool(body.stream))


@router.post(
    "/apps/{app}/deploys", status_code=202, response_model=OperationOut, responses=_STREAMED
)
def deploy(
    app: AppDep,
    body: Deploy,
    session: SessionDep,
    streams: StreamsDep,
    actor: Actor,
    message: Message,
) -> Response:
    operation = deploys.deploy(session, app, body.image, actor=actor, message=message)
    return _followed(session, streams, app, operation, stream=bool(body.stream))


def _followed(
    session: Session, streams: Streams, app: App, operation: Operation, *, stream: bool
) -> Response:
    """A stream begins when the answer is sent: after the commit."""
    if stream:
        return streams.operation(app.id, operation.id)
    return answer(operation_out(listings.operations.one(session, str(operation.id))), 202)
