"""A durable work queue beside the data it is about.

`put` runs in the caller's transaction, so intent and data commit together. There is one row
per (task, key): asking twice before the work runs is asking once, and asking while it runs
makes it run again.

A worker holds a row by (id, version, fence). Whoever claims a row whose lease ran out gets the
next fence, and from then on the earlier holder can neither finish nor requeue nor renew it.
All times are the database's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import OutboxMessage as Message

LEASE = timedelta(seconds=15)
CHANNEL = "outbox"


class Task(StrEnum):
    """Every task that may be asked for; `workers` registers a function for each."""

    RESOLVE_SLUG = "resolve_slug"
    RECONCILE_APP = "reconcile_app"


class LostLease(Exception):
    """Someone else holds this work now; whatever we were about to write must not be written."""


@dataclass(frozen=True)
class Lease:
    id: int
    task: str
    key: str
    version: int
    fence: int
    attempts: int


def put(session: Session, task: Task, key: object) -> None:
    """Ask for a task; workers that listen hear of it when the caller commits."""
    row = insert(Message).values(task=task, key=str(key))
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Message.task, Message.key],
            set_={"version": Message.version + 1, "due_at": func.clock_timestamp(), "attempts": 0},
        )
    )
    _ring(session)


def due(session: Session, limit: int = 100) -> Sequence[tuple[int, datetime]]:
    """Ids of messages that should run now and since when, longest first. Claims nothing."""
    rows = select(Message.id, Message.due_at).where(_is_due())
    return session.execute(rows.order_by(Message.due_at).limit(limit)).all()


def next_due(session: Session) -> timedelta | None:
    """How long until the next message becomes due; None when there is none."""
    moment = func.greatest(Message.due_at, func.coalesce(Message.leased_until, Message.due_at))
    return session.scalar(select(func.min(moment) - func.clock_timestamp()))


def claim(session: Session, message_id: int, lease: timedelta = LEASE) -> Lease | None:
    """Take a due message; None when it is held, gone or not due, or another claim is under way."""
    free = select(Message.id).where(Message.id == message_id, _is_due())
    row = session.execute(
        update(Message)
        .where(Message.id.in_(free.with_for_update(skip_locked=True).scalar_subquery()))
        .values(
            leased_until=func.clock_timestamp() + lease,
            fence=Message.fence + 1,
            attempts=Message.attempts + 1,
        )
        .returning(
            Message.id, Message.task, Message.key, Message.version, Message.fence, Message.attempts
        )
    ).one_or_none()
    return None if row is None else Lease(*row)


def renew(session: Session, lease: Lease, by: timedelta = LEASE) -> bool:
    """Hold on for longer. False: the lease was lost, and the work must stop."""
    row = update(Message).where(_held(lease)).values(leased_until=func.clock_timestamp() + by)
    return session.scalar(row.returning(Message.id)) is not None


def guard(session: Session, lease: Lease) -> None:
    """Let this transaction go on only while the lease is ours; nobody can take it meanwhile."""
    held = select(Message.id).where(_held(lease)).with_for_update()
    if session.scalar(held) is None:
        raise LostLease(f"{lease.task} {lease.key}")


def finish(session: Session, lease: Lease) -> None:
    """Forget the message, unless someone asked again while it ran: then it is due at once."""
    done = delete(Message).where(_held(lease), Message.version == lease.version)
    if session.scalar(done.returning(Message.id)) is None:
        _release(session, lease, timedelta(), last_error="")


def requeue(session: Session, lease: Lease, delay: timedelta, *, error: str = "") -> None:
    """Give the message back, due after `delay`, or at once when someone asked meanwhile."""
    _release(session, lease, delay, last_error=error)


def _release(session: Session, lease: Lease, delay: timedelta, *, last_error: str) -> None:
    asked_again = Message.version != lease.version
    later = func.clock_timestamp() + delay
    session.execute(
        update(Message)
        .where(_held(lease))
        .values(
            leased_until=None,
            due_at=case((asked_again, Message.due_at), else_=later),
            attempts=Message.attempts if last_error else 0,
            last_error=last_error,
        )
    )
    _ring(session)


def _ring(session: Session) -> None:
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


def _is_due() -> ColumnElement[bool]:
    free = or_(Message.leased_until.is_(None), Message.leased_until < func.clock_timestamp())
    return and_(Message.due_at <= func.clock_timestamp(), free)


def _held(lease: Lease) -> ColumnElement[bool]:
    """Ours, and not run out: a worker that slept through its lease has lost it."""
    return and_(
        Message.id == lease.id,
        Message.fence == lease.fence,
        Message.leased_until >= func.clock_timestamp(),
    )
