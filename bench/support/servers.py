"""The web servers that are compared, each a process of its own: bare ASGI, and ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import Settings
from bench.support import children
from bench.support.fleet import Fleet
from palatine import platform


@dataclass(frozen=True)
class Web:
    port: int
    pid: int


@contextmanager
def bare() -> Iterator[Web]:
    port = children.free_port()
    command = ("-m", "bench.support.bare", str(port))
    with children.python(*command, answers=f"http://127.0.0.1:{port}/") as child:
        yield Web(port, child.pid)


@contextmanager
def palatine(home: Path, database_url: str) -> Iterator[Web]:
    """Its database is at hand, with the fleet in it."""
    port = children.free_port()
    with children.python(
        *("-m", "palatine", "web", "--port", str(port)),
        answers=f"http://127.0.0.1:{port}/health",
        home=str(home),
        database_url=database_url,
        broker_url="memory://",  # the web process sends nothing: the outbox is the database's
        log_level="warning",
    ) as child:
        yield Web(port, child.pid)


@contextmanager
def local_aws(home: Path) -> Iterator[Web]:
    port, router_port = children.free_port(), children.free_port()
    with children.python(
        *("-m", "palatine", "localaws", "--port", str(port)),
        *("--router-port", str(router_port), "--home", str(home)),
        answers=f"http://127.0.0.1:{port}/_local/health",
    ) as child:
        yield Web(port, child.pid)


def fleet(home: Path, database_url: str, token: str) -> Fleet:
    """Made in an empty database, for an admin with this token."""
    platform.migrate(database_url)
    given = {"home": home, "database_url": database_url, "admin_token": token}
    settings = Settings.model_validate({**given, "listener_arn": "arn:none"})
    platform.prepare(settings)
    made = Fleet(database_url)
    made.make(settings.cluster)
    return made
