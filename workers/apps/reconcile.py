"""Make one app in AWS what was asked for: observe, record, decide, act.

Status is recorded from what AWS shows, never from what we just did, and no transaction is
open while AWS is called. A run may be late, repeated, or cut short anywhere; the next one
sees the same world and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.db.models import App
from app.domain.desired import restart_step
from app.domain.observed import Observed, ServiceState
from app.domain.operation import OperationKind
from app.domain.plan import (
    Action,
    CreateStack,
    RegisterTaskDefinition,
    UpdateService,
    UpdateStack,
    plan,
    restarts_due,
)
from app.gateways.refusals import refusal
from app.services import blueprints, dynos, observations, operations, physical
from app.services.blueprints import Blueprint
from workers.apps import acts
from workers.context import Again, Context, Hold


def reconcile_app(context: Context, key: str, hold: Hold) -> Again | None:
    app_id = UUID(key)
    subject = _subject(context, app_id)
    if subject is None:
        return None
    observed = _observe(context, subject)
    drawn, actions = _record_and_decide(context, app_id, observed, hold)
    for action in actions:
        hold.check()
        try:
            acts.act(context, drawn, action, hold)
        except Exception as error:
            if (why := _final(error)) is None:
                raise
            _give_up(context, app_id, drawn, why, hold)
            return Again(timedelta())
    if not drawn.unfinished:
        return None
    registered = any(isinstance(action, RegisterTaskDefinition) for action in actions)
    return Again(timedelta(seconds=0 if registered else context.pace.poll))


def _final(error: Exception) -> str | None:
    """Why the operation cannot go on, when another try would end the same way."""
    return str(error) if isinstance(error, acts.InvalidTemplate) else refusal(error)


def _give_up(context: Context, app_id: UUID, drawn: Blueprint, why: str, hold: Hold) -> None:
    with context.sessions.begin() as session:
        app = _locked(session, app_id, hold)
        if drawn.lead is not None:
            observations.refused(session, app, drawn.lead.id, why)


@dataclass(frozen=True)
class _Subject:
    """What to look at: names in AWS, and the tasks that were alive at the last look."""

    stack_name: str
    service_names: Mapping[str, str]
    known_tasks: tuple[str, ...]
    acting: bool


def _subject(context: Context, app_id: UUID) -> _Subject | None:
    with context.sessions.begin() as session:
        app = session.get(App, app_id)
        if app is None:
            return None
        return _Subject(
            stack_name=physical.name(session, app, physical.Kind.STACK),
            service_names=blueprints.service_names(session, app),
            known_tasks=tuple(dyno.task_arn for dyno in dynos.living(session, app)),
            acting=bool(operations.unfinished(session, app)),
        )


def _observe(context: Context, subject: _Subject) -> Observed:
    stack = context.stacks.describe(subject.stack_name)
    services: dict[str, ServiceState] = {}
    if subject.service_names:
        services = context.services.services(subject.service_names)
    tasks = context.services.tasks(services.values(), subject.known_tasks, stopped=subject.acting)
    return Observed(stack=stack, services=services, tasks=tuple(tasks))


def _record_and_decide(
    context: Context, app_id: UUID, observed: Observed, hold: Hold
) -> tuple[Blueprint, list[Action]]:
    """One transaction: what was seen, what it means for the operations, and what comes next."""
    pace = context.pace
    patience = observations.Patience(
        settle=timedelta(seconds=pace.settle), deadline=timedelta(seconds=pace.deadline)
    )
    with context.sessions.begin() as session:
        app = _locked(session, app_id, hold)
        observations.record(session, app, observed)
        outputs = observed.stack.outputs if observed.stack else {}
        consistency = timedelta(seconds=pace.consistency)

        def draw() -> Blueprint:
            return blueprints.draw(session, app, context.estate, outputs, consistency=consistency)

        drawn = draw()
        if observations.settle(session, app, drawn, observed, patience):
            drawn = draw()
        actions = plan(drawn.desired, observed)
        _mark(session, drawn, observed, actions)
        return drawn, actions


def _locked(session: Session, app_id: UUID, hold: Hold) -> App:
    """The app first, then the message: whoever asks for something takes them in this order."""
    app = session.get_one(App, app_id)
    operations.lock(session, app)
    hold.guard(session)
    return app


def _mark(
    session: Session, drawn: Blueprint, observed: Observed, actions: Sequence[Action]
) -> None:
    """Write down what is about to be asked of AWS, before it is asked.

    A stack is changed for all that is asked: if that fails, each operation it fails knows.
    """
    if any(isinstance(action, CreateStack | UpdateStack) for action in actions):
        for operation in drawn.unfinished:
            observations.mark(session, operation, {drawn.stack_token: drawn.stack_token})
    moved = {action.process_type for action in actions if isinstance(action, UpdateService)}
    for process_type in moved & set(restarts_due(drawn.desired, observed)):
        before = observed.services[process_type].primary.id
        for operation, asked in zip(drawn.unfinished, drawn.desired.asked, strict=True):
            if asked.kind is OperationKind.RESTART and process_type in asked.process_types:
                observations.mark(session, operation, {restart_step(process_type): before})
