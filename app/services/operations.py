"""Operations: the only place where one begins, and the only writer of `Operation.status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import outbox
from app.db.models import Account, App, Operation, Release
from app.domain.errors import NotFound
from app.domain.operation import (
    RELEASING,
    TERMINAL,
    OperationKind,
    OperationStatus,
    check_transition,
    is_terminal,
    overtakes,
)
from app.services import events

# What became of a release when the operation that made it ended (Heroku's words).
_RELEASE_STATUS = {
    OperationStatus.SUCCEEDED: "succeeded",
    OperationStatus.FAILED: "failed",
    OperationStatus.TIMED_OUT: "failed",
    OperationStatus.SUPERSEDED: "expired",
    OperationStatus.CANCELLED: "expired",
}


def lock(session: Session, app: App) -> None:
    """Hold the app's row and read it anew: its numbers and desired state move under this lock."""
    session.flush()  # a refresh would forget what is not written yet
    session.refresh(app, with_for_update={"key_share": True})


def begin(
    session: Session,
    app: App,
    kind: OperationKind,
    *,
    summary: str,
    actor: Account | None,
    message: str = "",
    request: Mapping[str, Any] | None = None,
    takes_effect: bool = True,
) -> Operation:
    """Write down what somebody asked for. The caller holds the app's lock.

    NotFound: the app was destroyed while the caller waited for it.

    With `takes_effect` the app's desired state is what the caller has just made it, and the
    reconciler is asked to bring it about.
    """
    if app.destroyed_at is not None:
        raise NotFound("app", app.name)
    app.operation_number += 1
    operation = Operation(
        app_id=app.id,
        number=app.operation_number,
        kind=kind,
        status=OperationStatus.PENDING,
        summary=summary,
        actor_id=actor.id if actor else None,
        message=message,
        request=dict(request or {}),
    )
    if takes_effect:
        _number(app, operation)
    session.add(operation)
    session.flush()  # its event, and what it overtakes, refer to its id
    said = f"{actor.email if actor else 'palatine'}: {summary}"
    _record(session, app, operation, f"{said} ({message})" if message else said)
    if takes_effect:
        _effect(session, app, operation)
    return operation


def release(session: Session, app: App, operation: Operation, desired: Release) -> None:
    """Make `desired` what should run, on the operation's behalf. The caller holds the lock."""
    operation.release_id = desired.id
    app.desired_release_id = desired.id
    _number(app, operation)
    _effect(session, app, operation)


def _number(app: App, operation: Operation) -> None:
    """The desired state moves on this operation's behalf."""
    app.generation += 1
    operation.generation = app.generation


def _effect(session: Session, app: App, operation: Operation) -> None:
    """The desired state has moved: end what the operation overtakes, ask for what it wants."""
    for older in unfinished(session, app):
        if older.id != operation.id and _overtaken(operation, older):
            older.superseded_by_id = operation.id
            move(session, app, older, OperationStatus.SUPERSEDED, _how_far(operation, older))
    outbox.put(session, outbox.Task.RECONCILE_APP, app.id)


def move(
    session: Session, app: App, operation: Operation, to: OperationStatus, reason: str = ""
) -> None:
    """Every change of status goes through here, with its event in the same transaction."""
    session.refresh(operation, ["status"], with_for_update=True)
    check_transition(OperationStatus(operation.status), to)
    operation.status = to
    operation.reason = reason
    if is_terminal(to):
        operation.finished_at = func.now()
        _end_release(session, app, operation, to)
    _record(session, app, operation, f"{operation.summary}: {reason or to.replace('_', ' ')}")


def unfinished(session: Session, app: App) -> Sequence[Operation]:
    return session.scalars(
        select(Operation)
        .where(Operation.app_id == app.id, Operation.status.not_in(TERMINAL))
        .order_by(Operation.number)
    ).all()


def find(session: Session, key: str) -> Operation:
    try:
        operation = session.get(Operation, UUID(key))
    except ValueError:
        operation = None
    if operation is None:
        raise NotFound("operation", key)
    return operation


def types_of(operation: Operation) -> frozenset[str]:
    """The process types (or dynos) that the operation names."""
    return frozenset(_names(operation.request))


def _overtaken(new: Operation, old: Operation) -> bool:
    kind, older = OperationKind(new.kind), OperationKind(old.kind)
    if older in RELEASING and old.generation is None:
        # Still finding its image: only a newer choice of what to run makes it pointless.
        chosen = kind in {OperationKind.DEPLOY, OperationKind.ROLLBACK}
        return kind is OperationKind.DESTROY or (chosen and old.number < new.number)
    return overtakes(kind, types_of(new), older, types_of(old))


def _how_far(new: Operation, old: Operation) -> str:
    by = f"superseded by #{new.number}"
    return f"{by} ({old.reached})" if old.reached else by


def _end_release(session: Session, app: App, operation: Operation, to: OperationStatus) -> None:
    if operation.release_id is None or OperationKind(operation.kind) not in RELEASING:
        return
    made = session.get_one(Release, operation.release_id)
    if to is OperationStatus.SUCCEEDED:
        app.current_release_id = made.id
        app.released_at = func.now()
    if made.status == "pending":  # a restore runs a release that has long been judged
        made.status = _RELEASE_STATUS[to]


def _record(session: Session, app: App, operation: Operation, message: str) -> None:
    events.record(
        session,
        app,
        f"operation.{operation.status}",
        message,
        operation=operation,
        data={"operation": str(operation.id), "number": operation.number, "kind": operation.kind},
    )


def _names(request: Mapping[str, Any]) -> Iterable[str]:
    yield from request.get("process_types", ())
    yield from request.get("dynos", ())
