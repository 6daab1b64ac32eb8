from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from app.db.models import OutboxMessage
from app.db.outbox import Lease, LostLease, Task

Sessions = sessionmaker[Session]
TASK = Task.RECONCILE_APP


class TestAsking:
    def test_twice_before_it_runs_is_asking_once(self, sessions: Sessions) -> None:
        put(sessions)
        put(sessions)

        assert len(due(sessions)) == 1
        lease = claim(sessions)
        with sessions.begin() as session:
            outbox.finish(session, lease)
        assert messages(sessions) == []

    def test_for_different_keys_and_tasks_is_asking_for_each(self, sessions: Sessions) -> None:
        put(sessions, "a")
        put(sessions, "b")
        put(sessions, "a", Task.RESOLVE_SLUG)

        assert len(due(sessions)) == 3

    def test_while_it_runs_makes_it_run_again(self, sessions: Sessions) -> None:
        put(sessions)
        lease = claim(sessions)

        put(sessions)
        assert due(sessions) == []  # not twice at the same time

        with sessions.begin() as session:
            outbox.finish(session, lease)
        assert len(due(sessions)) == 1
        assert claim(sessions).version == lease.version + 1

    def test_while_it_runs_counts_for_more_than_the_delay_it_is_given_back_with(
        self, sessions: Sessions
    ) -> None:
        put(sessions)
        lease = claim(sessions)
        put(sessions)

        with sessions.begin() as session:
            outbox.requeue(session, lease, timedelta(hours=1))

        assert len(due(sessions)) == 1

    def test_in_a_transaction_that_is_rolled_back_leaves_nothing(self, sessions: Sessions) -> None:
        with sessions() as session:
            outbox.put(session, TASK, "a")
            session.rollback()

        assert messages(sessions) == []

    def test_is_heard_when_it_commits_and_not_before(
        self, committed_sessions: Sessions, database_url: str
    ) -> None:
        with listening(database_url) as heard, committed_sessions.begin() as session:
            outbox.put(session, TASK, "a")
            assert not heard(0.1)
            session.commit()

            assert heard(5)

    def test_of_a_task_that_fails_forgives_its_failures(self, sessions: Sessions) -> None:
        put(sessions)
        fail(sessions, claim(sessions))

        put(sessions)

        assert claim(sessions).attempts == 1


class TestDue:
    def test_not_before_its_time(self, sessions: Sessions) -> None:
        put(sessions)
        with sessions.begin() as session:
            outbox.requeue(session, claim(sessions), timedelta(hours=1))

        assert due(sessions) == []
        with sessions.begin() as session:
            message_id = session.scalars(select(OutboxMessage.id)).one()
            assert outbox.claim(session, message_id) is None
            wait = outbox.next_due(session)
        assert wait is not None
        assert timedelta(minutes=59) < wait <= timedelta(hours=1)

    def test_the_longest_due_first(self, sessions: Sessions) -> None:
        for key in ("a", "b", "c"):
            put(sessions, key)
        put(sessions, "a")

        with sessions.begin() as session:
            rows = select(OutboxMessage.key).where(
                OutboxMessage.id.in_([id for id, _ in outbox.due(session, limit=2)])
            )
            assert sorted(session.scalars(rows)) == ["b", "c"]

    def test_nothing_to_wait_for_when_nothing_is_asked(self, sessions: Sessions) -> None:
        with sessions.begin() as session:
            assert outbox.next_due(session) is None

    def test_when_the_lease_of_a_held_one_ends(self, sessions: Sessions) -> None:
        put(sessions)
        claim(sessions)

        with sessions.begin() as session:
            wait = outbox.next_due(session)

        assert wait is not None
        assert timedelta(seconds=14) < wait <= outbox.LEASE

    def test_attempts_are_counted_over_failures_and_forgotten_after_success(
        self, sessions: Sessions
    ) -> None:
        put(sessions)
        fail(sessions, claim(sessions))
        fail(sessions, claim(sessions))
        again = claim(sessions)
        assert again.attempts == 3

        with sessions.begin() as session:
            outbox.requeue(session, again, timedelta())

        assert claim(sessions).attempts == 1


class TestTwoWorkers:
    def test_claim_a_message_once(self, committed_sessions: Sessions) -> None:
        put(committed_sessions)
        [message_id] = due(committed_sessions)

        with committed_sessions.begin() as one, committed_sessions.begin() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            held = outbox.claim(one, message_id)
            assert outbox.claim(other, message_id) is None  # at once: the row is passed over

        assert held is not None
        with committed_sessions.begin() as other:
            assert outbox.claim(other, message_id) is None

    def test_of_many_that_claim_at_once_one_wins(self, committed_sessions: Sessions) -> None:
        put(committed_sessions)
        [message_id] = due(committed_sessions)
        won: list[Lease] = []

        def race() -> None:
            with committed_sessions.begin() as session:
                if (lease := outbox.claim(session, message_id)) is not None:
                    won.append(lease)

        at_once([race] * 8)

        assert len(won) == 1

    def test_after_a_lease_ran_out_the_next_gets_the_next_fence(
        self, committed_sessions: Sessions
    ) -> None:
        put(committed_sessions)
        stale = claim(committed_sessions)
        expire(committed_sessions)

        fresh = claim(committed_sessions)

        assert fresh.fence == stale.fence + 1
        assert fresh.version == stale.version


class TestStaleWorker:
    """It held the work, was stopped for too long, and comes back; another holds it now."""

    @pytest.fixture
    def stale(self, committed_sessions: Sessions) -> Lease:
        put(committed_sessions)
        lease = claim(committed_sessions)
        expire(committed_sessions)
        return lease

    @pytest.fixture
    def fresh(self, committed_sessions: Sessions, stale: Lease) -> Lease:
        return claim(committed_sessions)

    def test_cannot_finish(self, committed_sessions: Sessions, stale: Lease, fresh: Lease) -> None:
        before = state(committed_sessions)

        with committed_sessions.begin() as session:
            outbox.finish(session, stale)

        assert state(committed_sessions) == before

    def test_cannot_give_back(
        self, committed_sessions: Sessions, stale: Lease, fresh: Lease
    ) -> None:
        before = state(committed_sessions)

        with committed_sessions.begin() as session:
            outbox.requeue(session, stale, timedelta(), error="late")

        assert state(committed_sessions) == before

    def test_cannot_renew(self, committed_sessions: Sessions, stale: Lease, fresh: Lease) -> None:
        with committed_sessions.begin() as session:
            assert not outbox.renew(session, stale)
            assert outbox.renew(session, fresh)

    def test_cannot_pass_guard(
        self, committed_sessions: Sessions, stale: Lease, fresh: Lease
    ) -> None:
        with committed_sessions.begin() as session, pytest.raises(LostLease):
            outbox.guard(session, stale)
        with committed_sessions.begin() as session:
            outbox.guard(session, fresh)

    def test_has_lost_even_when_nobody_else_claimed(
        self, committed_sessions: Sessions, stale: Lease
    ) -> None:
        with committed_sessions.begin() as session:
            assert not outbox.renew(session, stale)
        with committed_sessions.begin() as session, pytest.raises(LostLease):
            outbox.guard(session, stale)

    def test_that_passed_guard_keeps_others_out_until_it_commits(
        self, committed_sessions: Sessions
    ) -> None:
        put(committed_sessions)
        lease = claim(committed_sessions)

        with committed_sessions.begin() as worker:
            outbox.guard(worker, lease)
            with committed_sessions() as other:
                other.execute(text("SET lock_timeout = '100ms'"))
                with pytest.raises(OperationalError, match="lock timeout"):
                    other.execute(update(OutboxMessage).values(leased_until=None))
                other.rollback()
                assert outbox.claim(other, lease.id) is None


def test_time_is_the_databases(committed_sessions: Sessions) -> None:
    """A transaction that has been open for a while still sees the clock move."""
    with committed_sessions.begin() as session:
        began = session.scalar(select(func.now()))
        session.execute(text("SELECT pg_sleep(0.05)"))
        outbox.put(session, TASK, "a")
        [(message_id, since)] = outbox.due(session)
        lease = outbox.claim(session, message_id, timedelta(seconds=0.02))
        assert since > began
        assert lease is not None
        session.execute(text("SELECT pg_sleep(0.03)"))
        assert not outbox.renew(session, lease)


def put(sessions: Sessions, key: str = "a", task: Task = TASK) -> None:
    with sessions.begin() as session:
        outbox.put(session, task, key)


def due(sessions: Sessions) -> list[int]:
    with sessions.begin() as session:
        return [message_id for message_id, _ in outbox.due(session)]


def claim(sessions: Sessions) -> Lease:
    with sessions.begin() as session:
        [(message_id, _)] = outbox.due(session)
        lease = outbox.claim(session, message_id)
    assert lease is not None
    return lease


def fail(sessions: Sessions, lease: Lease) -> None:
    with sessions.begin() as session:
        outbox.requeue(session, lease, timedelta(), error="ValueError")


def expire(sessions: Sessions) -> None:
    with sessions.begin() as session:
        past = func.clock_timestamp() - timedelta(seconds=1)
        session.execute(update(OutboxMessage).values(leased_until=past))


def messages(sessions: Sessions) -> list[int]:
    with sessions.begin() as session:
        return list(session.scalars(select(OutboxMessage.id)))


def state(sessions: Sessions) -> list[object]:
    table = OutboxMessage.__table__
    with sessions.begin() as session:
        return list(session.execute(select(table)).all())


def at_once(jobs: list[Callable[[], None]]) -> None:
    threads = [Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


@contextmanager
def listening(url: str) -> Iterator[Callable[[float], list[psycopg.Notify]]]:
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"LISTEN {outbox.CHANNEL}")
        yield lambda seconds: list(connection.notifies(timeout=seconds, stop_after=1))
