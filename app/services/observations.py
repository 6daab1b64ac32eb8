"""Save what a look at AWS showed, and move the operations that it settles.

The only writer of services and of what ECS says about dynos; operations move through
`operations.move`. Everything here happens in one transaction, under the app's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Interval, and_, delete, func, select, type_coerce
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.models import App, Operation, Service, Step, TaskDefinition
from app.domain.judgement import Judgement, judge
from app.domain.observed import Observed, ServiceState
from app.domain.operation import RELEASING, OperationKind, OperationStatus, is_terminal
from app.domain.plan import plan
from app.services import apps, clusters, dynos, formation, operations, releases
from app.services.blueprints import Blueprint, Definition

_FORWARD = (
    OperationStatus.PENDING,
    OperationStatus.APPLYING,
    OperationStatus.ROLLING,
    OperationStatus.SETTLING,
)


@dataclass(frozen=True)
class Patience:
    """How long all must stay well, and how long nothing may get better."""

    settle: timedelta
    deadline: timedelta


def record(session: Session, app: App, observed: Observed) -> None:
    """What ECS shows, as rows."""
    for service in observed.services.values():
        _save(session, app, service)
    dynos.observe(session, app, observed.tasks)
    session.flush()  # the blueprint is drawn from these rows


def settle(
    session: Session, app: App, drawn: Blueprint, observed: Observed, patience: Patience
) -> bool:
    """Judge every unfinished operation. True when one ended: the blueprint must be drawn anew."""
    ended = False
    busy = bool(plan(drawn.desired, observed))
    for operation, asked in zip(drawn.unfinished, drawn.desired.asked, strict=True):
        judgement = judge(asked, drawn.desired, observed)
        ended |= _advance(session, app, operation, judgement, patience, busy=busy)
    return ended


def refused(session: Session, app: App, operation_id: UUID, why: str) -> None:
    """AWS will not do what the operation needs, however often it is asked."""
    operation = session.get_one(Operation, operation_id)
    if not is_terminal(OperationStatus(operation.status)):
        _end_badly(session, app, operation, OperationStatus.FAILED, why)


def remember_definition(session: Session, app: App, definition: Definition, arn: str) -> None:
    row = insert(TaskDefinition).values(
        app_id=app.id,
        process_type=definition.process_type,
        release_version=definition.release_version,
        command=definition.command,
        size=definition.size,
        content_hash=definition.fingerprint,
        arn=arn,
    )
    session.execute(row.on_conflict_do_nothing())


def forget_definition(session: Session, arn: str) -> None:
    session.execute(delete(TaskDefinition).where(TaskDefinition.arn == arn))


def mark(session: Session, operation: Operation, steps: Mapping[str, str]) -> None:
    """Write steps down before they are taken. A repeated one keeps its mark; its time is new."""
    for name, value in steps.items():
        row = insert(Step).values(operation_id=operation.id, name=name, mark=value)
        session.execute(
            row.on_conflict_do_update(
                index_elements=[Step.operation_id, Step.name], set_={"created_at": func.now()}
            )
        )


def _advance(
    session: Session,
    app: App,
    operation: Operation,
    judgement: Judgement,
    patience: Patience,
    *,
    busy: bool,
) -> bool:
    """One look's worth of an operation's life. True when it ended."""
    if judgement.failure:
        return _end_badly(session, app, operation, OperationStatus.FAILED, judgement.failure)
    _note_progress(operation, judgement)
    session.flush()  # the durations below are the database's to compute
    if judgement.satisfied:
        return _settle(session, app, operation, patience)
    operation.settled_since = None
    if _elapsed(session, Operation.progressed_at, operation) > patience.deadline:
        return _end_badly(
            session, app, operation, OperationStatus.TIMED_OUT, _stalled(judgement, patience)
        )
    _go_on(session, app, operation, OperationStatus.APPLYING if busy else OperationStatus.ROLLING)
    return False


def _settle(session: Session, app: App, operation: Operation, patience: Patience) -> bool:
    if operation.settled_since is None:
        operation.settled_since = func.now()
        session.flush()
    if _elapsed(session, Operation.settled_since, operation) < patience.settle:
        _go_on(session, app, operation, OperationStatus.SETTLING)
        return False
    operations.move(session, app, operation, OperationStatus.SUCCEEDED)
    _assert_no_longer(session, app, operation)
    if operation.kind == OperationKind.DESTROY:
        clusters.free(session, app)
    app.observed_generation = max(app.observed_generation, operation.generation or 0)
    return True


def _end_badly(
    session: Session, app: App, operation: Operation, status: OperationStatus, why: str
) -> bool:
    operations.move(session, app, operation, status, why)
    _assert_no_longer(session, app, operation)
    kind = OperationKind(operation.kind)
    if kind is OperationKind.DESTROY:
        apps.come_back(session, app)
    if kind in RELEASING and kind is not OperationKind.RESTORE:
        releases.restore(session, app, f"#{operation.number} {status.replace('_', ' ')}")
    return True


def _assert_no_longer(session: Session, app: App, operation: Operation) -> None:
    """The counts it asked for have been seen to hold, or given up: they are ECS's again.

    Not before it ends: one look may be stale. Another unfinished scale keeps its own.
    """
    named = operations.types_of(operation)
    kept: set[str] = set()
    for other in operations.unfinished(session, app):
        kept |= operations.types_of(other) if other.kind == OperationKind.SCALE else set()
    for row in formation.of(session, app):
        mine = row.process_type in named or OperationKind(operation.kind) in RELEASING
        if mine and row.process_type not in kept:
            row.asserted = False


def _go_on(session: Session, app: App, operation: Operation, to: OperationStatus) -> None:
    """Statuses only go forward, whatever wavers meanwhile."""
    now = OperationStatus(operation.status)
    if now in _FORWARD and _FORWARD.index(to) > _FORWARD.index(now):
        operations.move(session, app, operation, to, operation.reached)


def _note_progress(operation: Operation, judgement: Judgement) -> None:
    operation.reached = judgement.reached
    if not operation.progress or judgement.progress > tuple(operation.progress):
        operation.progress = list(judgement.progress)
        operation.progressed_at = func.now()


def _elapsed(
    session: Session, since: InstrumentedAttribute[Any], operation: Operation
) -> timedelta:
    elapsed = type_coerce(func.now() - since, Interval)
    return session.scalars(select(elapsed).where(Operation.id == operation.id)).one()


def _stalled(judgement: Judgement, patience: Patience) -> str:
    seconds = round(patience.deadline.total_seconds())
    return f"no progress for {seconds} s" + (f": {judgement.reached}" if judgement.reached else "")


def _save(session: Session, app: App, service: ServiceState) -> None:
    seen = {
        "arn": service.arn,
        "status": service.status,
        "task_definition_arn": service.primary.task_definition,
        "deployment_id": service.primary.id,
        "rollout_state": service.primary.rollout_state,
        "desired": service.desired,
        "running": service.running,
        "pending": service.pending,
    }
    if service.gone:
        session.execute(delete(Service).where(_of(app, service)))
        return
    row = insert(Service).values(app_id=app.id, process_type=service.process_type, **seen)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Service.app_id, Service.process_type],
            set_={**seen, "observed_at": func.now()},
        )
    )


def _of(app: App, service: ServiceState) -> ColumnElement[bool]:
    return and_(Service.app_id == app.id, Service.process_type == service.process_type)
