"""Keep the leases of work in hand alive, from one thread for the whole process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from workers.context import Hold

_log = structlog.get_logger(__name__)


class Keeper:
    """`hold` a lease while the work runs. A lease is believed for as long as the database
    promised it, counted from before it was asked: a stopped clock or process cannot stretch it.
    `length` is what a lease is claimed and renewed for."""

    def __init__(self, sessions: sessionmaker[Session], length: timedelta = outbox.LEASE) -> None:
        self.length = length
        self._sessions = sessions
        self._until: dict[outbox.Lease, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    @contextmanager
    def hold(self, lease: outbox.Lease, asked_at: float) -> Iterator[Hold]:
        """`asked_at`: `time.monotonic()` from before the lease was claimed."""
        self._note(lease, asked_at)
        try:
            yield Hold(lease, alive=lambda: self._alive(lease))
        finally:
            with self._lock:
                self._until.pop(lease, None)

    def _alive(self, lease: outbox.Lease) -> bool:
        with self._lock:
            return time.monotonic() < self._until.get(lease, 0)

    def _note(self, lease: outbox.Lease, asked_at: float) -> None:
        with self._lock:
            self._until[lease] = asked_at + self.length.total_seconds()

    def _run(self) -> None:
        while not self._stopped.wait(self.length.total_seconds() / 3):
            with self._lock:
                held = list(self._until)
            for lease in held:
                self._renew(lease)

    def _renew(self, lease: outbox.Lease) -> None:
        asked_at = time.monotonic()
        try:
            with self._sessions.begin() as session:
                renewed = outbox.renew(session, lease, self.length)
        except SQLAlchemyError as error:
            _log.warning("lease not renewed", task=lease.task, key=lease.key, error=str(error))
            return
        with self._lock:
            if lease in self._until:
                self._until[lease] = asked_at + self.length.total_seconds() if renewed else 0
