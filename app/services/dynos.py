"""Restart and stop dynos; record them as ECS shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db.models import Account, App, Dyno, Operation, TaskDefinition
from app.domain.errors import Conflict, NotFound
from app.domain.observed import TaskState
from app.domain.operation import OperationKind
from app.services import formation, operations


def restart(
    session: Session, app: App, *, actor: Account, message: str = "", name: str | None = None
) -> Operation:
    """Restart every dyno, those of a process type, or one dyno, by name."""
    operations.lock(session, app)
    types = {row.process_type for row in formation.of(session, app)}
    if not types:
        raise Conflict(f"{app.name} has nothing to restart yet; deploy an image first.")
    if name is None or name in types:
        return _ask(
            session,
            app,
            f"Restart {name or 'all dynos'}",
            {"process_types": [name] if name else sorted(types)},
            actor,
            message,
        )
    return _stop_one(session, app, f"Restart {name}", name, actor, message)


def stop(session: Session, app: App, name: str, *, actor: Account, message: str = "") -> Operation:
    """Stop one dyno, or those of a process type. ECS starts another where one should run."""
    operations.lock(session, app)
    if any(row.process_type == name for row in formation.of(session, app)):
        return restart(session, app, actor=actor, message=message, name=name)
    return _stop_one(session, app, f"Stop {name}", name, actor, message)


def observe(session: Session, app: App, tasks: Sequence[TaskState]) -> None:
    """Save what ECS showed. A task's own version decides which of two sights is the newer."""
    known = _by_arn(session, app, tasks)
    definitions = _definitions(session, app)
    for task in tasks:
        dyno = known.get(task.arn)
        if dyno is None:
            dyno = Dyno(app_id=app.id, task_arn=task.arn, name=task.dyno_name, version=-1)
            session.add(dyno)
        if task.version > dyno.version:
            _update(dyno, task, definitions.get(task.task_definition))
    _let_go(session, app, {task.arn for task in tasks})


def living(session: Session, app: App) -> Iterable[Dyno]:
    return session.scalars(
        select(Dyno)
        .where(Dyno.app_id == app.id, Dyno.stopped_at.is_(None))
        .order_by(Dyno.process_type, Dyno.name)
    )


def _let_go(session: Session, app: App, seen: set[str]) -> None:
    """What ECS shows no more has ended long ago: it keeps stopped tasks for an hour.

    Should the look have been stale, any later sight of the task counts as newer.
    """
    session.execute(
        update(Dyno)
        .where(
            Dyno.app_id == app.id,
            Dyno.stopped_at.is_(None),
            Dyno.task_arn.not_in(seen),
            Dyno.updated_at < func.now() - timedelta(hours=1),
        )
        .values(
            state="down",
            stopped_at=func.now(),
            stopped_reason="ECS shows this task no more",
            version=-1,
        )
    )


def _by_arn(session: Session, app: App, tasks: Sequence[TaskState]) -> dict[str, Dyno]:
    arns = [task.arn for task in tasks]
    rows = session.scalars(select(Dyno).where(Dyno.app_id == app.id, Dyno.task_arn.in_(arns)))
    return {dyno.task_arn: dyno for dyno in rows}


def _definitions(session: Session, app: App) -> dict[str, TaskDefinition]:
    rows = session.scalars(select(TaskDefinition).where(TaskDefinition.app_id == app.id))
    return {definition.arn: definition for definition in rows}


def _update(dyno: Dyno, task: TaskState, definition: TaskDefinition | None) -> None:
    dyno.version = task.version
    dyno.process_type = task.process_type
    dyno.state = task.dyno_state
    dyno.instance = task.instance
    dyno.started_at = task.started_at
    dyno.stopped_at = task.stopped_at
    dyno.stop_code = task.stop_code
    dyno.stopped_reason = task.stopped_reason
    dyno.exit_code = task.exit_code
    if definition is not None:
        dyno.release_version = definition.release_version
        dyno.command = definition.command
        dyno.size = definition.size


def _stop_one(
    session: Session, app: App, summary: str, name: str, actor: Account, message: str
) -> Operation:
    dyno = session.scalar(
        select(Dyno).where(Dyno.app_id == app.id, Dyno.name == name, Dyno.stopped_at.is_(None))
    )
    if dyno is None:
        raise NotFound("dyno", name)
    request = {"dynos": [name], "tasks": [dyno.task_arn]}
    return _ask(session, app, summary, request, actor, message)


def _ask(
    session: Session,
    app: App,
    summary: str,
    request: dict[str, Any],
    actor: Account,
    message: str,
) -> Operation:
    return operations.begin(
        session,
        app,
        OperationKind.RESTART,
        summary=summary,
        actor=actor,
        message=message,
        request=request,
    )
