from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.db.crypto import Cipher
from app.db.models import Account, App, Event, Operation, Release
from app.domain.errors import Conflict, Invalid
from app.domain.formation import Change
from app.domain.operation import OperationStatus as S
from app.services import (
    clusters,
    config,
    config_versions,
    deploys,
    formation,
    operations,
    releases,
)
from app.services.events import record
from tests.factories import (
    make_account,
    make_app,
    make_cluster,
    make_operation,
    make_release,
)
from tests.services.asked import asked, at_once, reopened

Sessions = sessionmaker[Session]
IMAGE = "acme/hello:v2"
FOUND = {"pinned_image": f"docker.io/acme/hello@sha256:{'1' * 64}"}


@pytest.fixture
def ann(session: Session) -> Account:
    return make_account(session)


@pytest.fixture
def app(session: Session) -> App:
    app = make_app(session, with_release=True)
    listener(session, app)
    return app


class TestMove:
    def test_writes_status_and_event_in_one_transaction(self, sessions: Sessions) -> None:
        with sessions.begin() as session:
            app = make_app(session)
            operation = make_operation(session, app)

        with sessions() as session:
            mine = session.get_one(Operation, operation.id)
            operations.move(session, reopened(session, app), mine, S.FAILED, "no such image")
            session.rollback()
        with sessions.begin() as session:
            assert session.get_one(Operation, operation.id).status == "pending"
            assert events(session) == []

        with sessions.begin() as session:
            mine = session.get_one(Operation, operation.id)
            operations.move(session, reopened(session, app), mine, S.FAILED, "no such image")
        with sessions.begin() as session:
            assert session.get_one(Operation, operation.id).status == "failed"
            assert events(session) == ["operation.failed"]

    def test_there_is_one_terminal_state_and_no_second(self, session: Session) -> None:
        app = make_app(session)
        operation = make_operation(session, app)
        operations.move(session, app, operation, S.SUPERSEDED)

        with pytest.raises(Conflict):
            operations.move(session, app, operation, S.SUCCEEDED)

        assert operation.finished_at is not None
        assert events(session) == ["operation.superseded"]

    def test_of_two_that_end_it_at_once_one_wins(self, committed_sessions: Sessions) -> None:
        with committed_sessions.begin() as session:
            app = make_app(session)
            operation = make_operation(session, app)

        def end(to: S) -> None:
            with committed_sessions.begin() as session:
                mine = session.get_one(Operation, operation.id)
                operations.move(session, reopened(session, app), mine, to)

        errors = at_once([lambda: end(S.FAILED), lambda: end(S.SUCCEEDED)])

        assert [type(error) for error in errors] == [Conflict]
        with committed_sessions.begin() as session:
            assert len(events(session)) == 1

    @pytest.mark.parametrize(
        ("to", "status"),
        [
            (S.SUCCEEDED, "succeeded"),
            (S.FAILED, "failed"),
            (S.TIMED_OUT, "failed"),
            (S.SUPERSEDED, "expired"),
            (S.CANCELLED, "expired"),
        ],
    )
    def test_the_release_shares_its_fate(self, session: Session, to: S, status: str) -> None:
        app = make_app(session, with_release=True)
        good = app.current_release_id
        release = make_release(session, app)
        operation = make_operation(session, app, release_id=release.id)

        operations.move(session, app, operation, to)

        assert release.status == status
        assert app.current_release_id == (release.id if to is S.SUCCEEDED else good)

    def test_a_release_put_back_keeps_the_name_it_made(self, session: Session) -> None:
        app = make_app(session, with_release=True)
        good = session.get_one(Release, app.current_release_id)
        operation = make_operation(session, app, kind="restore", release_id=good.id)

        operations.move(session, app, operation, S.FAILED)

        assert good.status == "succeeded"


class TestOvertaking:
    """A deploy takes effect when its image is known; until then others go first."""

    def test_a_deploy_that_took_effect_is_overtaken_by_the_next_that_does(
        self, session: Session, app: App, ann: Account
    ) -> None:
        first = deploys.deploy(session, app, IMAGE, actor=ann)
        resolve(session, first)
        second = deploys.deploy(session, app, IMAGE, actor=ann)
        assert first.status == "applying"

        resolve(session, second)

        assert (first.status, second.status) == ("superseded", "applying")
        assert first.superseded_by_id == second.id

    def test_a_later_deploy_whose_image_is_found_first_wins(
        self, session: Session, app: App, ann: Account
    ) -> None:
        first = deploys.deploy(session, app, IMAGE, actor=ann)
        second = deploys.deploy(session, app, IMAGE, actor=ann)

        resolve(session, second)
        resolve(session, first)

        assert (first.status, second.status) == ("superseded", "applying")
        assert first.release_id is None

    def test_an_earlier_deploy_leaves_a_later_one_to_find_its_image(
        self, session: Session, app: App, ann: Account
    ) -> None:
        first = deploys.deploy(session, app, IMAGE, actor=ann)
        second = deploys.deploy(session, app, IMAGE, actor=ann)

        resolve(session, first)

        assert (first.status, second.status) == ("applying", "pending")

    def test_a_rollback_overtakes_a_deploy_still_finding_its_image(
        self, session: Session, cipher: Cipher, app: App, ann: Account
    ) -> None:
        first = deploys.deploy(session, app, IMAGE, actor=ann)

        releases.rollback(session, cipher, app, "v1", actor=ann)

        assert first.status == "superseded"

    def test_a_restore_does_not(self, session: Session, app: App, ann: Account) -> None:
        first = deploys.deploy(session, app, IMAGE, actor=ann)

        releases.restore(session, app, "because")

        assert first.status == "pending"

    def test_how_far_it_got_is_told(self, session: Session, app: App, ann: Account) -> None:
        formation.scale(session, app, [Change("web", 10)], actor=ann)
        [first] = operations.unfinished(session, app)
        first.reached = "7 of 10 dynos were running"

        formation.scale(session, app, [Change("web", 5)], actor=ann)

        assert first.reason == "superseded by #2 (7 of 10 dynos were running)"


class TestDeploy:
    def test_asks_for_the_image_to_be_found(self, session: Session, app: App, ann: Account) -> None:
        operation = deploys.deploy(session, app, IMAGE, actor=ann)

        assert asked(session) == [("resolve_slug", str(operation.id))]
        assert app.release_version == 1

    def test_found_twice_makes_one_release(self, session: Session, app: App, ann: Account) -> None:
        operation = deploys.deploy(session, app, IMAGE, actor=ann)

        resolve(session, operation)
        resolve(session, operation)

        assert app.release_version == 2

    def test_a_bad_reference_is_refused_at_once(
        self, session: Session, app: App, ann: Account
    ) -> None:
        with pytest.raises(Invalid, match="not an image reference"):
            deploys.deploy(session, app, "https://acme/hello", actor=ann)

        assert app.operation_number == 0


class TestRollback:
    @pytest.mark.parametrize("status", ["pending", "failed", "expired"])
    def test_to_what_never_ran_is_refused(
        self, session: Session, cipher: Cipher, app: App, ann: Account, status: str
    ) -> None:
        make_release(session, app, status=status)

        with pytest.raises(Invalid, match="v2 never ran"):
            releases.rollback(session, cipher, app, "v2", actor=ann)

    def test_brings_the_config_back_and_the_next_change_builds_on_it(
        self, session: Session, cipher: Cipher, app: App, ann: Account
    ) -> None:
        config.patch(session, cipher, app, {"KEPT": "old", "GONE": "x"}, actor=ann)
        good = releases.find(session, app, "v2")
        good.status = "succeeded"
        config.patch(session, cipher, app, {"KEPT": "new", "GONE": None, "MORE": "y"}, actor=ann)

        release = releases.rollback(session, cipher, app, "v2", actor=ann)

        old = {"KEPT": "old", "GONE": "x"}
        assert config.current(session, cipher, app) == old
        assert config_versions.at(session, cipher, app, release.config_version) == old
        after = config.patch(session, cipher, app, {"NEXT": "z"}, actor=ann)
        assert after == old | {"NEXT": "z"}

    def test_does_not_touch_the_scale(
        self, session: Session, cipher: Cipher, app: App, ann: Account
    ) -> None:
        formation.scale(session, app, [Change("web", 4)], actor=ann)

        release = releases.rollback(session, cipher, app, "1", actor=ann)

        assert (release.version, release.description) == (2, "Rollback to v1")
        assert {f.process_type: f.quantity for f in formation.of(session, app)} == {
            "web": 4,
            "worker": 0,
        }


class TestEvents:
    def test_a_reader_that_has_seen_an_id_has_missed_nothing_before_it(
        self, committed_sessions: Sessions
    ) -> None:
        with committed_sessions.begin() as session:
            app = make_app(session)
        seen: list[int] = []

        def write() -> None:
            for number in range(10):
                with committed_sessions.begin() as session:
                    say(session, app, str(number))

        def read() -> None:
            for _ in range(5000):
                with committed_sessions.begin() as session:
                    later = select(Event.id).where(Event.id > max(seen, default=0))
                    seen.extend(session.scalars(later.order_by(Event.id)))
                if len(seen) == 40:
                    return

        assert at_once([read, write, write, write, write]) == []
        assert len(seen) == 40

    def test_are_heard_when_they_commit(
        self, committed_sessions: Sessions, database_url: str
    ) -> None:
        plain = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(plain, autocommit=True) as listener:
            listener.execute("LISTEN events")
            with committed_sessions.begin() as session:
                app = make_app(session)
                record(session, app, "said", "hello")
                assert not list(listener.notifies(timeout=0.1, stop_after=1))
            [heard] = listener.notifies(timeout=5, stop_after=1)

        assert heard.payload == str(app.id)

    def test_one_that_holds_an_id_keeps_the_next_waiting(
        self, committed_sessions: Sessions
    ) -> None:
        with committed_sessions.begin() as session:
            app = make_app(session)

        with committed_sessions.begin() as first:
            say(first, app, "first")
            with committed_sessions() as second:
                second.execute(text("SET lock_timeout = '100ms'"))
                with pytest.raises(OperationalError, match="lock timeout"):
                    say(second, app, "second")


def resolve(session: Session, operation: Operation) -> None:
    deploys.resolved(session, operation.id, process_types={"web": "python web.py"}, **FOUND)


def say(session: Session, app: App, words: str) -> None:
    app = reopened(session, app)
    operations.lock(session, app)
    record(session, app, "said", words)


def events(session: Session) -> list[str]:
    return list(session.scalars(select(Event.kind).order_by(Event.id)))


def listener(session: Session, app: App) -> None:
    make_cluster(session)
    clusters.ensure(session, "palatine", region="us-east-1", listener_arn="arn:listener")
