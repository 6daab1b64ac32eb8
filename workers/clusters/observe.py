"""Hear from ECS: a task of an app changed, so look at the app.

The message's own contents are not believed, only who it is about: doubled, late or out of
order, it makes us look once more. It is acknowledged after the wish to look is saved.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from app.db.models import PhysicalName
from app.gateways.queue import Queue
from app.services.physical import Kind

_log = structlog.get_logger(__name__)
_PAUSE = 5.0  # seconds after a failure


class Observer:
    """One thread a worker process. Any number may run: SQS gives each a different message."""

    def __init__(self, queue: Queue, sessions: sessionmaker[Session]) -> None:
        self._queue = queue
        self._sessions = sessions
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """It may be waiting for a message: what it then receives comes again to another."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._once()
            except Exception as error:
                if self._stopped.is_set():
                    return
                # one bad moment of SQS or the database must not end the listening
                _log.warning("could not hear from ECS", error=type(error).__name__)
                self._stopped.wait(_PAUSE)

    def _once(self) -> None:
        changes = self._queue.receive()
        if self._stopped.is_set():
            return
        with self._sessions.begin() as session:
            look_at(session, {change.service for change in changes if change.service})
        self._queue.acknowledge(changes)


def look_at(session: Session, services: Iterable[str]) -> None:
    """Ask for a look at every app that owns one of the services."""
    owners = select(PhysicalName.app_id).where(
        PhysicalName.kind == Kind.SERVICE, PhysicalName.name.in_(sorted(services))
    )
    for app_id in sorted(set(session.scalars(owners))):
        outbox.put(session, outbox.Task.RECONCILE_APP, app_id)
