from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Account, Token
from app.domain.errors import Invalid
from app.services import accounts
from tests.services.asked import at_once

Sessions = sessionmaker[Session]


def test_the_first_admin_gets_a_token_and_only_its_hash_is_kept(session: Session) -> None:
    token = accounts.ensure_admin(session)
    session.flush()

    assert token is not None
    assert accounts.authenticate(session, token) is not None
    [row] = session.scalars(select(Token))
    assert token.encode() not in row.hash
    assert len(row.hash) == 32


def test_there_is_one_first_admin(session: Session) -> None:
    accounts.ensure_admin(session, "a token of sixteen or more")
    session.flush()

    assert accounts.ensure_admin(session, "another one of sixteen") is None
    assert accounts.authenticate(session, "another one of sixteen") is None
    assert accounts.authenticate(session, "a token of sixteen or more") is not None


def test_there_is_one_first_admin_however_many_start(committed_sessions: Sessions) -> None:
    given: list[str | None] = []

    def start() -> None:
        with committed_sessions.begin() as session:
            given.append(accounts.ensure_admin(session))

    assert at_once([start] * 4) == []
    assert len([token for token in given if token]) == 1
    with committed_sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1


def test_a_rotated_token_ends_those_before_it(session: Session) -> None:
    first = accounts.ensure_admin(session)
    session.flush()

    second = accounts.rotate_admin(session)
    session.flush()

    assert accounts.authenticate(session, first or "") is None
    assert accounts.authenticate(session, second) is not None


def test_a_rotation_before_the_first_start_makes_the_admin(session: Session) -> None:
    token = accounts.rotate_admin(session)
    session.flush()

    account = accounts.authenticate(session, token)
    assert account is not None
    assert account.email == accounts.ADMIN


@pytest.mark.parametrize("token", ["", "\0", "\ud800", "x" * 10_000])
def test_a_strange_token_opens_nothing(session: Session, token: str) -> None:
    assert accounts.authenticate(session, token) is None


def test_a_short_token_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="at least 16 characters"):
        accounts.ensure_admin(session, "short")
