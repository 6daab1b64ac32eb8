"""What was asked of the workers, and several connections at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Barrier, Thread

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import App, OutboxMessage


def asked(session: Session) -> list[tuple[str, str]]:
    rows = select(OutboxMessage.task, OutboxMessage.key).order_by(OutboxMessage.id)
    return [(task, key) for task, key in session.execute(rows)]


def reopened(session: Session, app: App) -> App:
    """The app's row as another connection sees it."""
    return session.get_one(App, app.id)


def at_once(jobs: Sequence[Callable[[], object]]) -> list[Exception]:
    """Run all in threads that begin together; what they raised."""
    barrier, errors = Barrier(len(jobs)), list[Exception]()

    def run(job: Callable[[], object]) -> None:
        barrier.wait(10)
        try:
            job()
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    return errors
