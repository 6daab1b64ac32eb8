"""Palatine's home folder: made private, held by one `palatine up` at a time, with its logs."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from palatine.stopping import Stopping
from palatine.trouble import Trouble

_LOG_LIMIT = 5_000_000
_LEAVING_SECONDS = 15.0


def prepare(home: Path) -> Path:
    """Make the folder (0700) and its `logs`, and answer its absolute path."""
    home = of(home)
    # as root PostgreSQL runs as somebody else, who must be able to pass through, not to look
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        if not home.exists():
            home.mkdir(parents=True)
            home.chmod(mode)
        (home / "logs").mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise Trouble(
            f"Palatine cannot use {home} as its home ({error.strerror}): "
            "choose another with --home or PALATINE_HOME."
        ) from None
    return home


def of(home: Path) -> Path:
    return home.expanduser().resolve()


class Held(Trouble):
    """Another process holds this home."""


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the home alone. The kernel lets go when we die, however that happens."""
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise Held(
                f"Palatine is already running on {home} (process {owner or 'unknown'}): "
                "stop it, or choose another home with --home or PALATINE_HOME."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def await_free(folder: Path, stopping: Stopping) -> None:
    """Wait for what a killed parent left in the folder: it is on its way out, but not yet gone."""
    deadline = time.monotonic() + _LEAVING_SECONDS
    while True:
        try:
            with held(folder):
                return
        except Held:
            if time.monotonic() > deadline:
                raise
        stopping.pause(0.05)


def log(home: Path, name: str) -> Path:
    """The log file of a part; what grew long is kept once, as `.1`."""
    path = home / "logs" / f"{name}.log"
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path
