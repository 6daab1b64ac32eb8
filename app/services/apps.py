"""Apps: made, found, renamed, destroyed."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import Account, App, Operation
from app.domain.errors import Invalid, NotFound
from app.domain.names import check_app_name
from app.domain.operation import OperationKind
from app.services import clusters, events, operations

_ADJECTIVES = ("brisk", "calm", "clear", "gentle", "keen", "lucid", "quiet", "rapid", "steady")
_NOUNS = ("brook", "cedar", "delta", "ember", "grove", "harbor", "island", "river", "summit")


def create(
    session: Session, name: str | None, *, owner: Account, cluster: str, message: str = ""
) -> App:
    chosen = check_app_name(name) if name is not None else _any_name()
    home = clusters.named(session, cluster)
    app = App(name=chosen, cluster_id=home.id, owner_id=owner.id)
    _claim_name(session, chosen)
    session.add(app)
    session.flush()  # the event needs its id
    events.record(session, app, "app.created", _said(f"{owner.email} created {chosen}", message))
    return app


def find(session: Session, name_or_id: str) -> App:
    """A living app by its name or id."""
    living = select(App).where(App.destroyed_at.is_(None))
    app = session.scalar(living.where(App.name == name_or_id.replace("\0", "")))
    if app is None and (id := _as_uuid(name_or_id)) is not None:
        app = session.scalar(living.where(App.id == id))
    if app is None:
        raise NotFound("app", name_or_id)
    return app


def rename(session: Session, app: App, name: str, *, actor: Account, message: str = "") -> App:
    """The new name counts at once; its host name follows with the stack."""
    check_app_name(name)
    operations.lock(session, app)
    if name == app.name:
        return app
    _claim_name(session, name)
    operations.begin(
        session,
        app,
        OperationKind.RENAME,
        summary=f"Rename {app.name} to {name}",
        actor=actor,
        message=message,
    )
    app.name = name
    return app


def destroy(session: Session, app: App, *, actor: Account, message: str = "") -> Operation:
    """The app is gone for its users at once, for AWS when the operation ends."""
    operations.lock(session, app)
    operation = operations.begin(
        session,
        app,
        OperationKind.DESTROY,
        summary=f"Destroy {app.name}",
        actor=actor,
        message=message,
    )
    app.destroyed_at = func.now()
    return operation


def come_back(session: Session, app: App) -> None:
    """Its destroy did not succeed: the app is there again, stopped, to be destroyed once more.

    If somebody has taken its name meanwhile, it goes by a longer one.
    """
    if _taken(session, app.name):
        app.name = f"{app.name[:21].rstrip('-')}-{app.id.hex[:8]}"
    app.destroyed_at = None
    app.desired_release_id = app.current_release_id = None


def _claim_name(session: Session, name: str) -> None:
    if _taken(session, name):
        raise Invalid("Name is already taken")  # the words heroku3 looks for


def _taken(session: Session, name: str) -> bool:
    """Two requests for one name wait here for each other; the index has the last word."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"app:{name}", 0))))
    living = select(App.id).where(App.name == name, App.destroyed_at.is_(None))
    return session.scalar(living) is not None


def _any_name() -> str:
    pick = secrets.SystemRandom().choice
    return f"{pick(_ADJECTIVES)}-{pick(_NOUNS)}-{secrets.token_hex(3)}"


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _said(what: str, message: str) -> str:
    return f"{what}: {message}" if message else what
