from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.db.crypto import Cipher
from app.db.models import Account, App, ConfigVar, Event, Operation, Release
from app.domain.errors import Invalid, NotFound
from app.services import apps, config, config_versions
from tests.factories import make_account, make_app
from tests.services.asked import asked, at_once, reopened

Sessions = sessionmaker[Session]


@pytest.fixture
def ann(session: Session) -> Account:
    return make_account(session)


@pytest.fixture
def app(session: Session) -> App:
    return make_app(session, with_release=True)


def test_a_change_makes_a_release_and_asks_for_it(
    session: Session, cipher: Cipher, app: App, ann: Account
) -> None:
    after = config.patch(session, cipher, app, {"A": "1", "B": "2"}, actor=ann)

    assert after == config.current(session, cipher, app) == {"A": "1", "B": "2"}
    release = session.get_one(Release, app.desired_release_id)
    assert (release.version, release.description) == (2, "Set A, B config vars")
    assert asked(session) == [("reconcile_app", str(app.id))]


def test_each_version_stays_as_it_was(
    session: Session, cipher: Cipher, app: App, ann: Account
) -> None:
    for changes in ({"A": "1"}, {"A": "2", "B": "x"}, {"A": None}, {"A": ""}):
        config.patch(session, cipher, app, changes, actor=ann)

    assert [config_versions.at(session, cipher, app, version) for version in range(5)] == [
        {},
        {"A": "1"},
        {"A": "2", "B": "x"},
        {"B": "x"},
        {"A": "", "B": "x"},
    ]


@pytest.mark.parametrize("changes", [{}, {"A": "1"}, {"B": None}])
def test_what_changes_nothing_makes_nothing(
    session: Session, cipher: Cipher, app: App, ann: Account, changes: dict[str, str | None]
) -> None:
    config.patch(session, cipher, app, {"A": "1"}, actor=ann)

    config.patch(session, cipher, app, changes, actor=ann)

    assert (app.release_version, app.config_version, app.operation_number) == (2, 1, 1)


def test_before_the_first_deploy_it_is_kept_and_nothing_is_asked(
    session: Session, cipher: Cipher, ann: Account
) -> None:
    app = make_app(session)

    config.patch(session, cipher, app, {"A": "1"}, actor=ann)

    assert config.current(session, cipher, app) == {"A": "1"}
    assert app.release_version == 0
    assert asked(session) == []


def test_names_are_told_and_values_never(
    session: Session, cipher: Cipher, app: App, ann: Account
) -> None:
    secrets = {f"KEY{n}": f"canary{n}" for n in range(8)}

    config.patch(session, cipher, app, secrets, actor=ann, message="why not")

    release = session.get_one(Release, app.desired_release_id)
    assert release.description == "Set KEY0, KEY1, KEY2, KEY3, KEY4 and 3 more config vars"
    said = [event.message for event in session.scalars(select(Event))]
    asked_for = [str(operation.request) for operation in session.scalars(select(Operation))]
    assert "canary" not in " ".join([*said, *asked_for])
    sealed = session.scalars(select(ConfigVar.ciphertext)).all()
    assert not any(b"canary" in blob for blob in sealed if blob)


@pytest.mark.parametrize(
    "changes",
    [
        {f"V{n}": "" for n in range(201)},
        {"A": "x" * 61 * 1024},
        {"1A": "x"},
        {"PORT": "80"},
        {"A": "\0"},
    ],
    ids=["too many", "too large", "no name", "reserved", "NUL"],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    session: Session, cipher: Cipher, app: App, ann: Account, changes: dict[str, str | None]
) -> None:
    with pytest.raises(Invalid):
        config.patch(session, cipher, app, changes, actor=ann)

    assert app.config_version == 0
    assert asked(session) == []


def test_limits_are_those_of_the_whole_not_of_the_change(
    session: Session, cipher: Cipher, app: App, ann: Account
) -> None:
    config.patch(session, cipher, app, {f"V{n}": "" for n in range(200)}, actor=ann)

    with pytest.raises(Invalid, match="this would make 201"):
        config.patch(session, cipher, app, {"ONE_MORE": ""}, actor=ann)
    config.patch(session, cipher, app, {"ONE_MORE": "", "V0": None}, actor=ann)


def test_sixteen_at_once_keep_all_sixteen(committed_sessions: Sessions, cipher: Cipher) -> None:
    with committed_sessions.begin() as session:
        ann = make_account(session)
        app = make_app(session, with_release=True)

    def patch(number: int) -> None:
        with committed_sessions.begin() as session:
            mine = reopened(session, app)
            config.patch(session, cipher, mine, {f"V{number}": str(number)}, actor=ann)

    errors = at_once([lambda n=n: patch(n) for n in range(16)])

    assert errors == []
    with committed_sessions.begin() as session:
        app = reopened(session, app)
        assert config.current(session, cipher, app) == {f"V{n}": str(n) for n in range(16)}
        versions = session.scalars(select(Release.version).order_by(Release.version)).all()
        assert versions == list(range(1, 18))
        statuses = session.scalars(select(Operation.status).order_by(Operation.number)).all()
        assert statuses == ["superseded"] * 15 + ["pending"]


def test_of_an_app_that_is_being_destroyed_is_refused(
    committed_sessions: Sessions, cipher: Cipher
) -> None:
    with committed_sessions.begin() as session:
        ann = make_account(session)
        app = make_app(session, with_release=True)
    with committed_sessions.begin() as late:
        seen = reopened(late, app)
        with committed_sessions.begin() as session:
            apps.destroy(session, reopened(session, app), actor=ann)

        with pytest.raises(NotFound):
            config.patch(late, cipher, seen, {"A": "1"}, actor=ann)
