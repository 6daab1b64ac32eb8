"""The least that could react: a NOTIFY that is heard, then one call of ECS through the recorder."""

from __future__ import annotations

import time
from typing import Any

import boto3
import psycopg

from bench.support.installation import Installation
from palatine.postgres import places, process
from palatine.postgres.server import Server


def milliseconds(at: Installation, tries: int) -> list[float]:
    """From a commit to ECS called."""
    url, ecs = _database(at), _ecs(at.recorder.url)
    took = []
    with _connected(url) as asks, _connected(url) as hears:
        hears.execute("LISTEN bench")
        for _ in range(tries):
            asks.execute("NOTIFY bench")
            committed = time.monotonic()
            next(hears.notifies())
            ecs.list_clusters()
            call = at.recorder.first("ListClusters", since=committed)
            took.append((call.at - committed) * 1000)
    return took


def _database(at: Installation) -> str:
    where = places.of(at.home)
    found = process.live(where.data)
    if found is None:
        raise SystemExit("PostgreSQL does not run.")
    return Server(where, found.pid, found.sockets).url


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def _ecs(url: str) -> Any:  # noqa: ANN401 - boto3's clients have no types
    return boto3.client(
        "ecs",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
