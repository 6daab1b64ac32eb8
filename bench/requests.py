"""CPU per request and requests a second, as multiples of a bare ASGI app's in the same run.

CPU is the user and system time of the server's process, with PostgreSQL's beside it. Bare and
ours take turns, so that whatever else the machine does meets them alike.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app.config import Settings
from bench.support import children, costs, homes, load
from bench.support.fleet import APPS, Fleet
from palatine import home as homes_of_palatine
from palatine import platform
from palatine.postgres import places, server
from palatine.stopping import Stopping

ROUNDS = 4
CONNECTIONS = 16
TOKEN = secrets.token_urlsafe(32)


@dataclass
class Row:
    """A kind of request, and what those that were sent took together, in seconds."""

    name: str
    a_round: int
    promise: str = ""
    sent: int = 0
    cpu: float = 0
    in_database: float = 0
    wall: float = 0


ROWS = [
    BARE := Row("bare ASGI", 6000),
    LIST := Row(f"GET /apps ({APPS} apps)", 150, "<= 10"),
    APP := Row("GET /apps/{app}", 200, "<= 15"),
    ACCOUNT := Row("GET /account", 200),
    WRITE := Row("PATCH formation", APPS, "<= 25"),
]


def main() -> None:
    with (
        homes.temporary() as home,
        server.running(places.of(homes_of_palatine.prepare(home)), Stopping()) as postgres,
        psycopg.connect(postgres.url, autocommit=True) as database,
    ):
        fleet = _fleet(home, postgres.url)
        with _bare() as bare, _palatine(home, postgres.url) as ours:
            transactions = 0
            for number in range(-1, ROUNDS):  # one to warm up
                for row in ROWS:
                    asked = _requests(row, fleet, quantity=number + 3)
                    before = _transactions(database)
                    _measure(row, asked, bare if row is BARE else ours, postgres.pid, number >= 0)
                    transactions += (_transactions(database) - before) * (row is WRITE)
                fleet.finish()
    _print(transactions / (APPS * (ROUNDS + 1)))


def _fleet(home: Path, url: str) -> Fleet:
    platform.migrate(url)
    settings = Settings(home=home, database_url=url, listener_arn="arn:none", admin_token=TOKEN)
    platform.prepare(settings)
    fleet = Fleet(url)
    fleet.make(settings.cluster)
    return fleet


@contextmanager
def _bare() -> Iterator[tuple[int, int]]:
    """Port and pid."""
    port = children.free_port()
    command = ("-m", "bench.support.bare", str(port))
    with children.python(*command, answers=f"http://127.0.0.1:{port}/") as child:
        yield port, child.pid


@contextmanager
def _palatine(home: Path, url: str) -> Iterator[tuple[int, int]]:
    port = children.free_port()
    with children.python(
        *("-m", "palatine", "web", "--port", str(port)),
        answers=f"http://127.0.0.1:{port}/health",
        home=str(home),
        database_url=url,
        broker_url="memory://",  # the web process sends nothing: the outbox is the database's
        log_level="warning",
    ) as child:
        yield port, child.pid


def _requests(row: Row, fleet: Fleet, *, quantity: int) -> Sequence[bytes]:
    if row is WRITE:
        body = json.dumps({"updates": [{"type": "web", "quantity": quantity}]}).encode()
        paths = [f"/apps/{name}/formation" for name in fleet.names]
        return [load.request("PATCH", path, TOKEN, body) for path in paths]
    path = {APP.name: f"/apps/{fleet.names[0]}", LIST.name: "/apps", ACCOUNT.name: "/account"}
    return [load.request("GET", path.get(row.name, "/"), TOKEN)] * row.a_round


def _measure(
    row: Row, asked: Sequence[bytes], at: tuple[int, int], postgres: int, counts: bool
) -> None:
    port, pid = at
    before = costs.cpu_seconds(pid), costs.cpu_seconds(postgres)
    wall = load.send(port, asked, connections=CONNECTIONS)
    if counts:
        row.sent += len(asked)
        row.wall += wall
        row.cpu += costs.cpu_seconds(pid) - before[0]
        row.in_database += costs.cpu_seconds(postgres) - before[1]


def _transactions(database: psycopg.Connection) -> int:
    """How many have written anything: an id is given to no other."""
    row = database.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
    return int(row[0])


def _print(commits: float) -> None:
    print(f"{'':24}{'CPU us':>8}{'x bare':>8}{'promise':>9}{'PG us':>8}{'req/s':>8}{'x bare':>8}")
    for row in ROWS:
        cpu, rate = row.cpu / row.sent, row.sent / row.wall
        print(
            f"{row.name:24}{cpu * 1e6:8.0f}{cpu / (BARE.cpu / BARE.sent):8.1f}{row.promise:>9}"
            f"{row.in_database / row.sent * 1e6:8.0f}"
            f"{rate:8.0f}{rate / (BARE.sent / BARE.wall):8.3f}"
        )
    print(f"transactions that wrote, a PATCH: {commits:.2f} (promise: 1)")


if __name__ == "__main__":
    main()
