from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Account, App
from app.domain.errors import Invalid, NotFound
from app.services import apps, formation, operations
from app.services.physical import Kind, name
from tests.factories import make_account, make_app, make_cluster, make_operation
from tests.services.asked import asked, at_once, reopened

Sessions = sessionmaker[Session]


@pytest.fixture
def ann(session: Session) -> Account:
    make_cluster(session)
    return make_account(session)


class TestCreate:
    def test_makes_an_app_and_says_so(self, session: Session, ann: Account) -> None:
        app = apps.create(session, "acme", owner=ann, cluster="palatine", message="hello")

        assert apps.find(session, "acme") is app
        assert apps.find(session, str(app.id)) is app
        assert asked(session) == []  # nothing runs yet, so there is nothing to do in AWS

    def test_chooses_a_name_when_none_is_given(self, session: Session, ann: Account) -> None:
        app = apps.create(session, None, owner=ann, cluster="palatine")

        assert re.fullmatch(r"[a-z]+-[a-z]+-[0-9a-f]{6}", app.name)

    def test_refuses_a_name_that_is_taken(self, session: Session, ann: Account) -> None:
        make_app(session, "acme")

        with pytest.raises(Invalid, match="Name is already taken"):
            apps.create(session, "acme", owner=ann, cluster="palatine")

    def test_takes_the_name_of_an_app_that_was_destroyed(
        self, session: Session, ann: Account
    ) -> None:
        apps.destroy(session, make_app(session, "acme"), actor=ann)

        assert apps.create(session, "acme", owner=ann, cluster="palatine").name == "acme"

    def test_of_two_that_race_for_a_name_one_wins(self, committed_sessions: Sessions) -> None:
        with committed_sessions.begin() as session:
            make_cluster(session)
            ann = make_account(session)

        def create() -> None:
            with committed_sessions.begin() as session:
                apps.create(session, "acme", owner=ann, cluster="palatine")

        errors = at_once([create] * 6)

        assert [type(error) for error in errors] == [Invalid] * 5
        with committed_sessions.begin() as session:
            assert len(session.scalars(select(App)).all()) == 1


class TestRename:
    def test_counts_at_once_and_asks_for_the_stack(self, session: Session, ann: Account) -> None:
        app = make_app(session, "acme", with_release=True)

        apps.rename(session, app, "emca", actor=ann)

        assert apps.find(session, "emca") is app
        assert asked(session) == [("reconcile_app", str(app.id))]
        [operation] = operations.unfinished(session, app)
        assert (operation.kind, operation.summary) == ("rename", "Rename acme to emca")

    def test_to_the_same_name_is_nothing(self, session: Session, ann: Account) -> None:
        app = make_app(session, "acme")

        apps.rename(session, app, "acme", actor=ann)

        assert asked(session) == []

    def test_renames_nothing_in_aws(self, session: Session, ann: Account) -> None:
        app = make_app(session, "acme")
        before = [name(session, app, kind, "web") for kind in Kind]

        apps.rename(session, app, "emca", actor=ann)

        assert [name(session, app, kind, "web") for kind in Kind] == before

    def test_of_two_that_race_for_a_name_one_wins(self, committed_sessions: Sessions) -> None:
        with committed_sessions.begin() as session:
            ann = make_account(session)
            both = [make_app(session, "one"), make_app(session, "two")]

        def rename(app: App) -> None:
            with committed_sessions.begin() as session:
                apps.rename(session, reopened(session, app), "acme", actor=ann)

        errors = at_once([lambda app=app: rename(app) for app in both])

        assert [type(error) for error in errors] == [Invalid]


class TestDestroy:
    def test_the_app_is_gone_for_its_users_at_once(self, session: Session, ann: Account) -> None:
        app = make_app(session, "acme", with_release=True)
        scale = make_operation(session, app, kind="scale", generation=1)

        operation = apps.destroy(session, app, actor=ann)

        assert scale.status == "superseded"
        assert asked(session) == [("reconcile_app", str(app.id))]
        assert operation.status == "pending"
        for key in ("acme", str(app.id)):
            with pytest.raises(NotFound):
                apps.find(session, key)

    def test_what_comes_too_late_finds_no_app(self, committed_sessions: Sessions) -> None:
        """Each found the app before the destroy was committed, and waited for its lock."""
        with committed_sessions.begin() as session:
            ann = make_account(session)
            app = make_app(session, "acme", with_release=True)
        with committed_sessions.begin() as late:
            seen = reopened(late, app)
            with committed_sessions.begin() as session:
                apps.destroy(session, reopened(session, app), actor=ann)

            for use_case in (
                lambda: apps.destroy(late, seen, actor=ann),
                lambda: apps.rename(late, seen, "other", actor=ann),
                lambda: formation.scale(late, seen, [formation.Change("web", 2)], actor=ann),
            ):
                with pytest.raises(NotFound, match="no app named acme"):
                    use_case()


@pytest.mark.parametrize("key", ["", "nobody", "\0", "a\0b", "0" * 32, "x" * 5000])
def test_no_app_is_found_under_a_strange_name(session: Session, key: str) -> None:
    with pytest.raises(NotFound):
        apps.find(session, key)


def test_physical_names_fit_their_limits_and_never_meet(session: Session) -> None:
    one, other = make_app(session), make_app(session)
    long = "x" * 63

    names = [
        name(session, app, Kind.TARGET_GROUP, t) for app in (one, other) for t in ("web", long)
    ]

    assert len(set(names)) == 4
    assert all(len(n) <= 32 and re.fullmatch(r"[a-zA-Z0-9-]+", n) for n in names)
    assert name(session, one, Kind.TARGET_GROUP, long) == names[1]  # the same every time
