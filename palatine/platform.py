"""What the console command uses of the platform, loaded late: most commands need none of it."""

# Each import below costs some 0.1 s to 1 s: a command pays for its own only, and `palatine up`
# pays in a thread while PostgreSQL starts.
# ruff: noqa: PLC0415

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from app.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from starlette.types import ASGIApp


class Worker(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Platform(Protocol):
    """This module, as `palatine up` sees it."""

    def load(self) -> None: ...
    def migrate(self, url: str) -> bool: ...
    def first_admin(self, settings: Settings) -> str | None: ...
    def web(self, settings: Settings) -> "ASGIApp": ...
    def worker(self, settings: Settings) -> Worker: ...


def load() -> None:
    import workers.main  # noqa: F401


def migrate(url: str) -> bool:
    """Bring the schema up to date; whether there was something to do."""
    from app.db import engine, migrations

    database = engine.connect(url, pool_size=1)
    try:
        return migrations.upgrade(database)
    finally:
        database.dispose()


def first_admin(settings: Settings) -> str | None:
    """Make the first admin if there is nobody yet: the token, unless the settings named it."""
    from app.services import accounts

    given = settings.admin_token.get_secret_value() if settings.admin_token else None
    with _session(settings) as session:
        token = accounts.ensure_admin(session, given)
    return None if given else token


def rotate_token(settings: Settings) -> str:
    """Revoke the first admin's tokens and make a new one."""
    from app.services import accounts

    with _session(settings) as session:
        return accounts.rotate_admin(session)


def web(settings: Settings) -> "ASGIApp":
    from app.main import from_settings

    return from_settings(settings)


def openapi() -> dict[str, Any]:
    from app.main import openapi

    return openapi()


def worker(settings: Settings) -> Worker:
    """A Celery worker for a thread of this process."""
    from workers.main import embedded

    return embedded(settings)


def run_worker(settings: Settings) -> None:
    """A Celery worker that is this process."""
    from workers.main import run

    run(settings)


def _session(settings: Settings) -> "AbstractContextManager[Session]":
    from app.db import engine

    url = settings.database_url or ""
    return engine.sessions(engine.connect(url, pool_size=1)).begin()
