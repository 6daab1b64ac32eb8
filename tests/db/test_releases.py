"""A release is a ledger entry, and the database itself holds us to that."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import func, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.models import Release
from tests.factories import make_app, make_release


@pytest.mark.parametrize(
    "change",
    [
        {"version": 7},
        {"config_version": 7},
        {"description": "something else"},
        {"slug_id": uuid4()},
        {"actor_id": None},
        {"created_at": func.now() - func.make_interval(0, 0, 0, 1)},
        {"app_id": uuid4()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_it_was_made_of_never_changes(session: Session, change: dict[str, object]) -> None:
    release = make_release(session, make_app(session))

    with pytest.raises(DBAPIError, match="release 1 is immutable"):
        session.execute(update(Release).where(Release.id == release.id).values(change))


def test_how_it_went_is_written_later(session: Session) -> None:
    release = make_release(session, make_app(session))

    release.status = "succeeded"
    session.flush()

    session.refresh(release)
    assert release.status == "succeeded"
