"""One real PostgreSQL for the run, one database a worker, one rolled-back transaction a test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, make_url, text
from sqlalchemy.engine import create_engine
from sqlalchemy.orm import Session, sessionmaker

from app.db import engine as database
from app.db import migrations
from app.db.crypto import Cipher
from app.db.models import Model
from palatine import home as homes
from palatine.postgres import places
from palatine.postgres.server import Server, start
from palatine.stopping import Stopping

_SERVER = pytest.StashKey["_Postgres"]()


class _Postgres:
    """A server of our own in a temporary folder, started when a test first asks for it."""

    def __init__(self) -> None:
        self._home: Path | None = None
        self._server: Server | None = None

    def url(self) -> str:
        if self._server is None:
            self._home = Path(tempfile.mkdtemp(prefix="palatine-tests-"))
            self._home.chmod(0o711)  # as root, PostgreSQL runs as somebody else
            self._server = start(places.of(homes.prepare(self._home)), Stopping())
            _never_mind_power_cuts(self._server.url)
        return self._server.url

    def stop(self) -> None:
        if self._server and self._home:
            self._server.stop()
            places.forget(self._home)
            shutil.rmtree(self._home, ignore_errors=True)
        self._server = None


def pytest_configure(config: pytest.Config) -> None:
    # a run that is cancelled stops its servers too, as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # background jobs of a shell ignore Ctrl-C, and so would all that tests start and interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_SERVER] = _Postgres()
    structlog.configure(  # plain, as in production: structlog's own way takes a second a traceback
        processors=[
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ]
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes seconds comes last: whoever waits for a mistake sees it early."""
    items.sort(key=lambda item: "e2e" in item.path.parts)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_SERVER].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """pytest-xdist: the workers share the controller's server."""
    if "PALATINE_TEST_DATABASE_URL" not in os.environ:
        node.workerinput["postgres_url"] = node.config.stash[_SERVER].url()


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A server on which databases may be made: PALATINE_TEST_DATABASE_URL, else our own."""
    given = os.environ.get("PALATINE_TEST_DATABASE_URL")
    if given:
        return given
    shared = getattr(request.config, "workerinput", {}).get("postgres_url")
    return shared or request.config.stash[_SERVER].url()


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> Iterator[str]:
    """A migrated database that is this worker's alone, and gone after the run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"palatine_test_{worker}_{os.getpid()}_{secrets.token_hex(3)}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    migrated = database.connect(url)
    migrations.upgrade(migrated)
    migrated.dispose()
    yield url
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = database.connect(database_url, pool_size=20)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Iterator[sessionmaker[Session]]:
    """Sessions whose commits are savepoints in a transaction that is rolled back."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield sessionmaker(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        transaction.rollback()


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        yield session


@pytest.fixture
def committed_sessions(engine: Engine) -> Iterator[sessionmaker[Session]]:
    """Sessions that really commit, for tests of locks and of two connections."""
    yield database.sessions(engine)
    tables = ", ".join(table.name for table in Model.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


@pytest.fixture(scope="session")
def cipher() -> Cipher:
    return Cipher(bytes(range(32)))


def _never_mind_power_cuts(url: str) -> None:
    """This data is thrown away: the disk need not be waited for."""
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    server.dispose()
