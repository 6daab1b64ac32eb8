"""Ring the doorbell: tell Celery of every message that is due, at once after a commit.

Rings are not remembered: the outbox is. A ring that is lost, doubled or late changes nothing,
so a message that stays due is rung for again after a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox

_log = structlog.get_logger(__name__)
_LOOK_EVERY = 0.5  # seconds, at the longest
_RING_AGAIN = 5.0  # seconds after a ring nobody answered

Ring = Callable[[int], None]


class Relay:
    """One thread a worker process. Any number may run: a claim is what counts."""

    def __init__(self, database_url: str, sessions: sessionmaker[Session], ring: Ring) -> None:
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._sessions = sessions
        self._ring = ring
        self._rung: dict[tuple[int, datetime], float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except (psycopg.Error, SQLAlchemyError) as error:
                _log.warning("relay lost the database", error=type(error).__name__)
                self._stopped.wait(1)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {outbox.CHANNEL}")
            while not self._stopped.is_set():
                wait = self._ring_what_is_due()
                for _ in connection.notifies(timeout=wait, stop_after=1):
                    pass  # somebody committed: look again at once

    def _ring_what_is_due(self) -> float:
        """Seconds until it is worth looking again."""
        with self._sessions.begin() as session:
            due, wait = outbox.due(session), outbox.next_due(session)
        now = time.monotonic()
        self._rung = {ring: at for ring, at in self._rung.items() if now - at < _RING_AGAIN}
        for ring in due:
            if ring not in self._rung:  # what is asked for again is due at another moment
                self._rung[ring] = now
                self._ring(ring[0])
        if wait is None or wait.total_seconds() <= 0:
            return _LOOK_EVERY
        return min(_LOOK_EVERY, wait.total_seconds())
