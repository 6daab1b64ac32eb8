"""How migrations run: one connection handed in, one lock, short waits for other locks."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from app.db.models import Model

_ONE_AT_A_TIME = 7_254_325_832  # any number, as long as every migrator takes the same


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Model.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=_ONE_AT_A_TIME)
        )
        context.run_migrations()


_run(context.config.attributes["connection"])
