"""Run one message of the outbox, if it is free: claim, work, finish or give back."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from app.db import outbox
from workers.context import Again, Context
from workers.queue.leases import Keeper
from workers.queue.registry import TASKS

_log = structlog.get_logger(__name__)
_LONGEST_BACK_OFF = 30.0  # seconds


def run(context: Context, keeper: Keeper, message_id: int) -> None:
    """Called for every ring of the doorbell; a doubled or late one finds nothing to claim."""
    asked_at = time.monotonic()
    with context.sessions.begin() as session:
        lease = outbox.claim(session, message_id, keeper.length)
    if lease is None:
        return
    with keeper.hold(lease, asked_at) as hold:
        try:
            again = TASKS[lease.task](context, lease.key, hold)
        except outbox.LostLease:
            _log.info("lease lost", task=lease.task, key=lease.key)
            return
        except Exception as error:
            _log.exception("task failed", task=lease.task, key=lease.key, attempt=lease.attempts)
            _give_back(context, lease, back_off(lease.attempts), _named(error))
            return
    if isinstance(again, Again):
        _give_back(context, lease, again.delay, "")
        return
    with context.sessions.begin() as session:
        outbox.finish(session, lease)


def back_off(attempts: int) -> timedelta:
    """0.5 s after the first failure, doubling up to half a minute."""
    return timedelta(seconds=min(_LONGEST_BACK_OFF, 0.5 * 2 ** min(attempts - 1, 10)))


def _give_back(context: Context, lease: outbox.Lease, delay: timedelta, error: str) -> None:
    with context.sessions.begin() as session:
        outbox.requeue(session, lease, delay, error=error)


def _named(error: Exception) -> str:
    """The kind of error only: its text may quote what must not be kept."""
    return type(error).__name__
