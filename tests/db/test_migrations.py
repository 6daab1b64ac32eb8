from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from app.db import engine as database
from app.db import migrations
from app.db.models import Model


@pytest.fixture
def empty(postgres_url: str) -> Iterator[Engine]:
    """A database with nothing in it."""
    name = f"palatine_migrations_{secrets.token_hex(4)}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    engine = database.connect(url)
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Model.metadata) == []


def test_down_to_nothing_and_up_again(empty: Engine) -> None:
    assert migrations.upgrade(empty)
    before = schema(empty)

    config = Config()
    config.set_main_option("script_location", str(migrations.SCRIPTS))
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(empty).get_table_names() == ["alembic_version"]
    with empty.connect() as connection:
        assert connection.scalar(text(LEFT_BEHIND)) == 0

    assert migrations.upgrade(empty)
    assert schema(empty) == before


def test_any_number_may_migrate_at_once(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    starters = [subprocess.Popen([sys.executable, "-c", MIGRATE, url]) for _ in range(3)]

    assert [starter.wait(60) for starter in starters] == [0, 0, 0]
    assert migrations.current(empty) == migrations.newest()


def test_the_second_time_there_is_nothing_to_do(engine: Engine) -> None:
    assert not migrations.upgrade(engine)


MIGRATE = (
    "import sys; from app.db import engine, migrations;"
    " migrations.upgrade(engine.connect(sys.argv[1]))"
)
LEFT_BEHIND = (
    "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE n.nspname = 'public'"
)
COLUMNS = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default"
    " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
)
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
TRIGGERS = (
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
)
KEYS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
)


def schema(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return [
            connection.execute(text(query)).all() for query in (COLUMNS, INDEXES, TRIGGERS, KEYS)
        ]
