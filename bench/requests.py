"""CPU per request and requests a second, as multiples of a bare ASGI app's in the same run.

CPU is the user and system time of the server's process, with PostgreSQL's beside it. Bare and
ours take turns, so that whatever else the machine does meets them alike.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from bench.support import costs, homes, load, servers
from bench.support.fleet import APPS, Fleet
from bench.support.servers import Web
from palatine import home as palatine_home
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
        server.running(places.of(palatine_home.prepare(home)), Stopping()) as postgres,
        psycopg.connect(postgres.url, autocommit=True) as database,
    ):
        fleet = servers.fleet(home, postgres.url, TOKEN)
        written = 0
        with servers.bare() as bare, servers.palatine(home, postgres.url) as ours:
            for number in range(-1, ROUNDS):  # one to warm up
                for row in ROWS:
                    asked, at = _requests(row, fleet, number), bare if row is BARE else ours
                    before = _transactions(database)
                    _measure(row, asked, at, postgres.pid, counts=number >= 0)
                    written += _transactions(database) - before if row is WRITE else 0
                fleet.finish()
    _print(written / (APPS * (ROUNDS + 1)))


def _requests(row: Row, fleet: Fleet, number: int) -> Sequence[bytes]:
    """A write is to another app each time, and always changes something."""
    if row is WRITE:
        body = json.dumps({"updates": [{"type": "web", "quantity": number + 3}]}).encode()
        each = [f"/apps/{name}/formation" for name in fleet.names]
        return [load.request("PATCH", path, TOKEN, body) for path in each]
    paths = {LIST.name: "/apps", APP.name: f"/apps/{fleet.names[0]}", ACCOUNT.name: "/account"}
    return [load.request("GET", paths.get(row.name, "/"), TOKEN)] * row.a_round


def _measure(row: Row, asked: Sequence[bytes], at: Web, postgres: int, *, counts: bool) -> None:
    cpu, in_database = costs.cpu_seconds(at.pid), costs.cpu_seconds(postgres)
    wall = load.send(at.port, asked, connections=CONNECTIONS)
    if counts:
        row.sent += len(asked)
        row.wall += wall
        row.cpu += costs.cpu_seconds(at.pid) - cpu
        row.in_database += costs.cpu_seconds(postgres) - in_database


def _transactions(database: psycopg.Connection[tuple[str]]) -> int:
    """A number that grows by one with each transaction that writes, and with no other."""
    rows = database.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchall()
    return int(rows[0][0])


def _print(written: float) -> None:
    print(f"{'':24}{'CPU us':>8}{'x bare':>8}{'promise':>9}{'PG us':>8}{'req/s':>8}{'x bare':>8}")
    for row in ROWS:
        cpu, rate = row.cpu / row.sent, row.sent / row.wall
        print(
            f"{row.name:24}{cpu * 1e6:8.0f}{cpu / (BARE.cpu / BARE.sent):8.1f}{row.promise:>9}"
            f"{row.in_database / row.sent * 1e6:8.0f}"
            f"{rate:8.0f}{rate / (BARE.sent / BARE.wall):8.3f}"
        )
    print(f"transactions that wrote, for each PATCH: {written:.2f} (promise: 1)")


if __name__ == "__main__":
    main()
