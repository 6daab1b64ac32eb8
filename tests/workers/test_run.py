from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from app.db.crypto import Cipher
from app.db.models import App, Operation, OutboxMessage
from app.services import operations
from tests.fakes.refusing import no
from tests.services.asked import at_once
from tests.workers.harness import V1, Platform
from workers.queue.leases import Keeper
from workers.queue.registry import TASKS
from workers.queue.relay import Relay
from workers.queue.run import back_off, run

Sessions = sessionmaker[Session]


@pytest.fixture
def committed(committed_sessions: Sessions, cipher: Cipher) -> Platform:
    return Platform(committed_sessions, cipher)


def test_every_task_that_may_be_asked_for_has_a_function() -> None:
    assert set(TASKS) == set(outbox.Task)


def test_back_off_doubles_up_to_half_a_minute() -> None:
    waits = [back_off(attempts).total_seconds() for attempts in (1, 2, 3, 4, 6, 7, 50, 10_000)]

    assert waits == [0.5, 1, 2, 4, 16, 30, 30, 30]


class TestRun:
    def test_a_ring_for_nothing_does_nothing(self, platform: Platform) -> None:
        run(platform.context, platform.keeper, 4711)

        assert platform.watch.calls == []

    def test_a_doubled_ring_finds_the_message_taken(self, platform: Platform) -> None:
        platform.deploy(V1)
        [message_id] = platform.due()
        rung = list[str]()

        def ring_again(name: str) -> None:
            rung.append(name)
            run(platform.context, platform.keeper, message_id)

        platform.watch.before = ring_again
        run(platform.context, platform.keeper, message_id)

        assert rung == ["resolve"]

    def test_a_failure_is_given_back_with_its_kind_and_without_its_words(
        self, platform: Platform
    ) -> None:
        platform.deploy(V1)
        platform.watch.before = raising(ValueError("a canary"))

        platform.work()

        with platform.sessions.begin() as session:
            message = session.scalars(select(OutboxMessage)).one()
            wait = outbox.next_due(session)
        assert (message.last_error, message.attempts) == ("ValueError", 1)
        assert wait is not None
        assert timedelta() < wait <= timedelta(seconds=0.5)
        assert message.leased_until is None

    def test_a_task_that_is_not_done_is_given_back_for_later(self, platform: Platform) -> None:
        slow = Platform(platform.sessions, platform.cipher, poll=60)
        slow.deploy(V1)
        slow.until(lambda: not slow.due())

        with slow.sessions.begin() as session:
            wait = outbox.next_due(session)
            assert session.scalars(select(OutboxMessage.last_error)).one() == ""

        assert wait is not None
        assert wait > timedelta(seconds=50)


class TestLostLease:
    @pytest.mark.parametrize("call", ["describe", "create", "register", "create_service"])
    def test_stops_before_it_acts_and_records_nothing(self, platform: Platform, call: str) -> None:
        """The lease runs out during a call; another worker takes the work."""
        platform.deploy(V1)
        platform.work()

        def lose(name: str) -> None:
            if name == call:
                platform.watch.before = lambda name: None
                platform.keeper._until.clear()
                platform.let_leases_expire()
                with platform.sessions.begin() as session:
                    [(message_id, _)] = outbox.due(session)
                    assert outbox.claim(session, message_id) is not None
                seen.extend([platform.watch.changes(), platform.said()])

        seen = list[list[str]]()
        platform.watch.before = lose
        platform.until(lambda: platform.watch.before is not lose)

        assert [platform.watch.changes(), platform.said()] == seen  # what was in flight, no more
        assert platform.due() == []  # the other's lease stands
        platform.let_leases_expire()
        platform.until_quiet()
        assert platform.ended() == [("deploy", "succeeded")]
        assert platform.aws.services.deployed == 2

    def test_does_not_end_what_another_works_on(self, platform: Platform) -> None:
        platform.deploy(V1)
        platform.until(lambda: complete(platform))

        def lose(name: str) -> None:
            platform.watch.before = lambda name: None
            platform.let_leases_expire()
            claim(platform)

        platform.watch.before = lose
        platform.work()

        assert platform.ended() == [("deploy", "rolling")]


class TestKeeper:
    SHORT = timedelta(seconds=0.3)

    def test_renews_what_it_holds(self, committed: Platform) -> None:
        committed.deploy(V1)
        keeper = Keeper(committed.sessions, self.SHORT)
        keeper.start()
        asked_at = time.monotonic()
        lease = claim(committed, self.SHORT)
        first = leased_until(committed)

        with keeper.hold(lease, asked_at) as hold:
            eventually(lambda: leased_until(committed) > first + 2 * self.SHORT)
            hold.check()
        keeper.stop()

        with pytest.raises(outbox.LostLease):
            hold.check()

    def test_knows_when_another_has_taken_over(self, committed: Platform) -> None:
        committed.deploy(V1)
        keeper = Keeper(committed.sessions, self.SHORT)
        keeper.start()

        with keeper.hold(claim(committed, self.SHORT), time.monotonic()) as hold:
            committed.let_leases_expire()
            claim(committed)
            eventually(lambda: not hold.alive())
        keeper.stop()

    def test_believes_no_longer_than_it_was_promised(self, platform: Platform) -> None:
        platform.deploy(V1)
        lease = claim(platform)
        long_ago = time.monotonic() - outbox.LEASE.total_seconds()

        with platform.keeper.hold(lease, long_ago) as hold, pytest.raises(outbox.LostLease):
            hold.check()


class TestRelay:
    def test_rings_at_once_for_what_is_committed(
        self, committed: Platform, database_url: str
    ) -> None:
        rung: list[int] = []
        relay = Relay(database_url, committed.sessions, rung.append)
        relay.start()
        try:
            committed.deploy(V1)
            eventually(lambda: rung)
            [message_id] = committed.due()
        finally:
            relay.stop()

        assert rung == [message_id]

    def test_rings_again_for_what_nobody_answers(
        self, committed: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workers.queue.relay._RING_AGAIN", 0.1)
        committed.deploy(V1)
        rung: list[int] = []
        relay = Relay(database_url, committed.sessions, rung.append)
        relay.start()
        try:
            eventually(lambda: len(rung) >= 3)
        finally:
            relay.stop()

    def test_rings_once_however_many_commits_it_hears(
        self, committed: Platform, database_url: str
    ) -> None:
        rung: list[int] = []
        relay = Relay(database_url, committed.sessions, rung.append)
        relay.start()
        try:
            committed.deploy(V1)
            eventually(lambda: rung)
            for _ in range(20):
                with committed.sessions.begin() as session:
                    session.execute(text("SELECT pg_notify(:c, '')"), {"c": outbox.CHANNEL})
            committed.look()
            eventually(lambda: len(set(rung)) == 2)
        finally:
            relay.stop()

        assert len(rung) == 2

    def test_rings_when_its_time_has_come(self, committed: Platform, database_url: str) -> None:
        committed.look()
        with committed.sessions.begin() as session:
            outbox.requeue(session, claim(committed), timedelta(seconds=0.2))
        rung: list[int] = []
        relay = Relay(database_url, committed.sessions, rung.append)
        relay.start()
        try:
            assert rung == []
            eventually(lambda: rung)
        finally:
            relay.stop()


def test_a_request_and_a_look_at_the_same_app_do_not_lock_each_other_up(
    committed: Platform,
) -> None:
    """A request holds the app's row and wants the message's; so must the worker, in that order."""
    committed.look()
    [message_id] = committed.due()
    looking, errors = threading.Event(), list[str]()

    def ask() -> None:
        with committed.sessions.begin() as session:
            app = session.get_one(App, committed.app_id)
            operations.lock(session, app)
            looking.set()
            eventually(lambda: someone_waits(committed))
            outbox.put(session, outbox.Task.RECONCILE_APP, app.id)

    def work() -> None:
        looking.wait(10)
        run(committed.context, committed.keeper, message_id)
        with committed.sessions.begin() as session:
            errors.extend(session.scalars(select(OutboxMessage.last_error)))

    assert at_once([ask, work]) == []
    assert errors == [""]


def test_what_aws_refuses_ends_the_operation_and_not_the_worker(platform: Platform) -> None:
    platform.watch.before = raising(no("DescribeStacks", "AccessDenied", "No."), at="describe")
    platform.deploy(V1)
    platform.work()
    platform.work()

    with platform.sessions.begin() as session:
        assert session.scalars(select(OutboxMessage.last_error)).all() == ["ClientError"]
        assert session.scalars(select(Operation.status)).all() == ["applying"]


def raising(error: Exception, at: str = "") -> Callable[[str], None]:
    def before(name: str) -> None:
        if not at or name == at:
            raise error

    return before


def complete(platform: Platform) -> bool:
    made = platform.aws.services.made.values()
    return bool(made) and all(s.deployments[0].rollout_state == "COMPLETED" for s in made)


def claim(platform: Platform, length: timedelta = outbox.LEASE) -> outbox.Lease:
    with platform.sessions.begin() as session:
        [(message_id, _)] = outbox.due(session)
        lease = outbox.claim(session, message_id, length)
    assert lease is not None
    return lease


def leased_until(platform: Platform) -> datetime:
    with platform.sessions.begin() as session:
        until = session.scalars(select(OutboxMessage.leased_until)).one()
    assert until is not None
    return until


def someone_waits(platform: Platform) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with platform.sessions.begin() as session:
        return bool(session.scalar(text(waiting)))


def eventually(holds: Callable[[], object], seconds: float = 10) -> None:
    """The only place where these tests wait."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("did not come true in time")
