"""Starts PostgreSQL on a data directory, adopts the one an unclean end left, and stops it."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from palatine.postgres import cluster, process
from palatine.postgres.places import Places, socket_folder
from palatine.stopping import Stopping
from palatine.trouble import Trouble, last_lines

DATABASE = "palatine"
_READY_SECONDS = 60.0  # crash recovery included
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.01
# small: one developer's platform, beside the rest in 250 MB; `fsync` stays on
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "wal_buffers": "1MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers": "0",
    "max_worker_processes": "2",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
_SETTINGS_FROM_18 = {"io_method": "sync"}  # else three more processes


@dataclass
class Server:
    """A running PostgreSQL. `child` is None when it is an adopted one."""

    places: Places
    pid: int
    sockets: Path
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For SQLAlchemy and libpq alike."""
        return self._url(DATABASE)

    @property
    def alive(self) -> bool:
        if self.child:
            return self.child.poll() is None
        return process.serves(self.pid, self.places.data)

    def answers(self) -> bool:
        """Whether a connection works; makes the database if it is not there yet."""
        import psycopg  # noqa: PLC0415 (0.2 s, which pass while PostgreSQL starts)

        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=5) as db:
                there = "select 1 from pg_database where datname = %s"
                if not db.execute(there, (DATABASE,)).fetchone():
                    db.execute(f"create database {DATABASE}")
                return True
        except psycopg.OperationalError:
            return False

    def stop(self, stopping: Stopping | None = None) -> None:
        """End it: clients are cut off, what is committed is kept, and at last it is forced."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not self.alive:
                break
            process.send(self.pid, number)
            self._await_end(stopping if number == signal.SIGINT else None)
        _clear_sockets(self.sockets)

    def _await_end(self, stopping: Stopping | None) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        while self.alive and time.monotonic() < deadline:
            if stopping and stopping.hurry:
                return
            time.sleep(_POLL_SECONDS)

    def _url(self, database: str) -> str:
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{cluster.SUPERUSER}@/{database}?host={host}"


@contextmanager
def running(places: Places, stopping: Stopping) -> Iterator[Server]:
    server = start(places, stopping)
    try:
        yield server
    finally:
        server.stop(stopping)


def start(places: Places, stopping: Stopping) -> Server:
    """A server that answers: the one still running from before, else a new one."""
    return _adopted(places, stopping) or _started(places, stopping)


def _adopted(places: Places, stopping: Stopping) -> Server | None:
    found = process.live(places.data)
    if found is None:
        return None
    server = Server(places, found.pid, found.sockets)
    with suppress(Trouble):
        return _ready(server, stopping, seconds=_STOP_SECONDS)
    return None  # it was on its way out, or cannot be reached: `_ready` has ended it


def _started(places: Places, stopping: Stopping) -> Server:
    cluster.ensure(places)
    _forget_stale(places.data)
    sockets = _free_sockets(places)
    with places.log.open("ab") as log:
        child = subprocess.Popen(
            _command(places, sockets),
            cwd="/",
            env=cluster.PLAIN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us to answer
            umask=0o077,
            **places.account.spawn(),
        )
    return _ready(Server(places, child.pid, sockets, child), stopping, seconds=_READY_SECONDS)


def _free_sockets(places: Places) -> Path:
    sockets = socket_folder(places)
    if found := process.holding(sockets, places.data):
        Server(places, found.pid, sockets).stop()
    _clear_sockets(sockets)  # a lock naming a pid that is somebody else's by now
    return socket_folder(places)


def _command(places: Places, sockets: Path) -> list[str]:
    settings = _SETTINGS | {"unix_socket_directories": str(sockets)}
    if places.binaries.major >= 18:
        settings |= _SETTINGS_FROM_18
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    return [str(places.binaries.postgres), "-D", str(places.data), *options]


def _ready(server: Server, stopping: Stopping, *, seconds: float) -> Server:
    deadline = time.monotonic() + seconds
    try:
        while not server.answers():
            if not server.alive or time.monotonic() > deadline:
                raise Trouble(f"PostgreSQL did not start:{last_lines(server.places.log)}")
            stopping.pause(_POLL_SECONDS)
    except BaseException:
        server.stop()
        raise
    return server


def _forget_stale(data: Path) -> None:
    """A pid file whose process is not PostgreSQL: PostgreSQL itself would take the pid's word."""
    found = process.recorded(data)
    if found:
        _clear_sockets(found.sockets)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _clear_sockets(folder: Path) -> None:
    if folder.name.startswith("palatine-"):
        shutil.rmtree(folder, ignore_errors=True)
