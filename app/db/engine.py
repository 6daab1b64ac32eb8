"""The database: one engine a process, one session a request or task step."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]


def connect(url: str, *, pool_size: int = 10) -> Engine:
    """`url` as PostgreSQL writes it; `postgresql://` means psycopg 3."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        hide_parameters=True,  # they hold token hashes and ciphertexts; errors reach the logs
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 5},
    )


def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False)
