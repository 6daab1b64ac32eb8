"""What the console command uses of the platform, loaded late: most commands need none of it."""

# Each import below costs some 0.1 s to 1 s: a command pays for its own only, and `palatine up`
# pays in a thread while PostgreSQL starts.
# ruff: noqa: PLC0415

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from app.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from palatine.web import Application


class Worker(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Platform(Protocol):
    """This module, as `palatine up` sees it."""

    def load(self) -> None: ...
    def migrate(self, url: str) -> bool: ...
    def first_admin(self, settings: Settings) -> str | None: ...
    def restore(self, settings: Settings) -> None: ...
    def prepare(self, settings: Settings) -> None: ...
    def web(self, settings: Settings) -> "Application": ...
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
    """Make the first admin if there is nobody yet; their token, or None."""
    from app.services import accounts

    with _session(settings) as session:
        return accounts.ensure_admin(session)


def rotate_token(settings: Settings) -> str:
    """Revoke the first admin's tokens and make a new one."""
    from app.services import accounts

    with _session(settings) as session:
        return accounts.rotate_admin(session)


def up_to_date(url: str) -> bool:
    from app.db import engine, migrations

    database = engine.connect(url, pool_size=1)
    try:
        return migrations.current(database) == migrations.newest()
    finally:
        database.dispose()


def prepare(settings: Settings) -> None:
    """Make known what the settings name: the cluster, and the first admin's token."""
    from app.services import accounts, clusters

    with _session(settings) as session:
        if settings.listener_arn:
            clusters.ensure(
                session,
                settings.cluster,
                region=settings.aws_region,
                listener_arn=settings.listener_arn,
            )
        if settings.admin_token:
            accounts.ensure_admin(session, settings.admin_token.get_secret_value())


def restore(settings: Settings) -> None:
    """A local AWS begins empty: ask for every app anew."""
    from app.services import restoration

    with _session(settings) as session:
        restoration.begin_anew(session, settings.cluster, listener_arn=settings.listener_arn)


def web(settings: Settings) -> "Application":
    from app.main import from_settings
    from palatine.web import Application

    api = from_settings(settings)
    return Application(api, api.state.hub.stop)


def openapi() -> dict[str, Any]:
    from app.main import document

    return document()


def worker(settings: Settings) -> Worker:
    """A Celery worker for a thread of this process."""
    from workers.main import embedded

    return embedded(settings)


def run_worker(settings: Settings) -> None:
    """A Celery worker that is this process."""
    from workers.main import run

    run(settings)


@contextmanager
def _session(settings: Settings) -> "Iterator[Session]":
    from app.db import engine

    database = engine.connect(settings.database_url or "", pool_size=1)
    try:
        with engine.sessions(database).begin() as session:
            yield session
    finally:
        database.dispose()
