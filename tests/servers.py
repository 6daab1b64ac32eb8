"""Real PostgreSQL and Redis servers for tests, from the system's packages, each on a free port.

Where a server is not installed the test skips, by name, with the line that installs it; with
`PALATINE_TEST_REQUIRE=all`, as in CI, it fails instead.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import psycopg
import pytest
import redis

_READY_SECONDS = 30


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a new PostgreSQL on 127.0.0.1, empty, removed at the end."""
    programs = _postgres_programs()
    with _folder() as folder, (folder / "log").open("ab") as log:
        data, port = folder / "data", _free_port()
        initdb = [str(programs / "initdb"), "-D", str(data), "-U", "palatine", "--auth=trust"]
        initdb += ["--locale=C", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        subprocess.run(initdb, check=True, stdout=log, stderr=log, cwd="/", **_account())
        options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1"]
        options += [
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
        ]
        url = f"postgresql://palatine@127.0.0.1:{port}/postgres"
        with _running([str(programs / "postgres"), "-D", str(data), *options], log, _connects(url)):
            yield url


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a new Redis on 127.0.0.1 that keeps nothing."""
    program = shutil.which("redis-server") or missing("redis-server")
    with _folder() as folder, (folder / "log").open("ab") as log:
        port = _free_port()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        options += ["--save", "", "--appendonly", "no"]
        url = f"redis://127.0.0.1:{port}/0"
        with _running([program, *options], log, _pings(url)):
            yield url


def _postgres_programs() -> Path:
    """Debian keeps each version in a folder of its own, outside PATH; Homebrew links one in."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    found = newest or shutil.which("postgres")
    return Path(found).parent if found else missing("postgresql")


def missing(package: str) -> NoReturn:
    unable(f"{package} is not installed: apt-get update && apt-get install -y {package}")


def unable(reason: str) -> NoReturn:
    if os.environ.get("PALATINE_TEST_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="palatine-test-", dir="/tmp"))
    try:
        if account := _account():
            os.chown(folder, account["user"], account["group"])
        yield folder
    finally:
        shutil.rmtree(folder)


def _account() -> dict[str, Any]:
    """PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def _running(command: list[str], log: BinaryIO, ready: Callable[[], bool]) -> Iterator[None]:
    server = subprocess.Popen(
        command, stdout=log, stderr=log, cwd="/", start_new_session=True, **_account()
    )
    try:
        _await(ready, server, log)
        yield
    finally:
        server.send_signal(2)  # PostgreSQL's fast end; the others' own
        server.wait(timeout=_READY_SECONDS)


def _await(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: BinaryIO) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{server.args!r} did not start:\n{Path(log.name).read_text()}")
        time.sleep(0.02)


def _connects(url: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    return answers


def _pings(url: str) -> Callable[[], bool]:
    def answers() -> bool:
        with redis.Redis.from_url(url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    return answers


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
