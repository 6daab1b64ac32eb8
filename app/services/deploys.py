"""Deploy an image: asked for here, resolved by a worker, then a release like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, func, select, type_coerce
from sqlalchemy.orm import Session

from app.db import outbox
from app.db.models import Account, App, Operation, Slug
from app.domain.errors import NotFound
from app.domain.image import ImageReference
from app.domain.operation import OperationKind, OperationStatus, is_terminal
from app.services import apps, operations, releases


def deploy(
    session: Session, app: App, image: str, *, actor: Account, message: str = ""
) -> Operation:
    """Ask for `image` to be deployed. What the image holds is found out by a worker."""
    reference = ImageReference.parse(image)
    operations.lock(session, app)
    operation = operations.begin(
        session,
        app,
        OperationKind.DEPLOY,
        summary=f"Deploy {image}",
        actor=actor,
        message=message,
        request={"image": str(reference)},
        takes_effect=False,  # it will, once the image is known
    )
    outbox.put(session, outbox.Task.RESOLVE_SLUG, operation.id)
    return operation


def app_for(
    session: Session, image: str, *, owner: Account, cluster: str, message: str = ""
) -> App:
    """The app named like the image's last part; made if there is none (Empire's POST /deploys)."""
    name = ImageReference.parse(image).app_name
    try:
        return apps.find(session, name)
    except NotFound:
        return apps.create(session, name, owner=owner, cluster=cluster, message=message)


@dataclass(frozen=True)
class Unresolved:
    """A deploy whose image must still be looked up. `waited` is by the database's clock."""

    reference: ImageReference
    waited: timedelta


def unresolved(session: Session, operation_id: UUID) -> Unresolved | None:
    """None when the deploy has ended or has its release."""
    operation = session.get(Operation, operation_id)
    if operation is None or is_terminal(OperationStatus(operation.status)):
        return None
    if operation.release_id is not None:
        return None
    waited = type_coerce(func.now() - Operation.created_at, Interval)
    return Unresolved(
        reference=ImageReference.parse(operation.request["image"]),
        waited=session.scalars(select(waited).where(Operation.id == operation_id)).one(),
    )


def resolved(
    session: Session, operation_id: UUID, *, pinned_image: str, process_types: Mapping[str, str]
) -> None:
    """The image is known: make its slug and release. Does nothing the second time."""
    operation, app = _locked(session, operation_id)
    if unresolved(session, operation_id) is None:
        return
    slug = Slug(
        app_id=app.id,
        image=operation.request["image"],
        pinned_image=pinned_image,
        process_types=dict(process_types),
    )
    session.add(slug)
    session.flush()  # the release refers to it
    operations.move(session, app, operation, OperationStatus.APPLYING, f"found {pinned_image}")
    releases.of_slug(session, app, operation, slug)


def unresolvable(session: Session, operation_id: UUID, why: str) -> None:
    """The image cannot be deployed: nothing has been changed, and nothing will be."""
    operation, app = _locked(session, operation_id)
    if unresolved(session, operation_id) is not None:
        operations.move(session, app, operation, OperationStatus.FAILED, why)


def _locked(session: Session, operation_id: UUID) -> tuple[Operation, App]:
    operation = session.get_one(Operation, operation_id)
    app = session.get_one(App, operation.app_id)
    operations.lock(session, app)
    session.refresh(operation)
    return operation, app
