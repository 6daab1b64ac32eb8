"""Which process serves a data directory, by what PostgreSQL and the kernel say of it."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LINE_OF_SOCKETS = 4  # of postmaster.pid, counted from 0


@dataclass(frozen=True)
class Postmaster:
    pid: int
    sockets: Path


def recorded(data: Path) -> Postmaster | None:
    """What `postmaster.pid` says, true or stale; None when there is none that can be read."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), Path(lines[_LINE_OF_SOCKETS].split(",")[0]))
    except (OSError, ValueError, IndexError):
        return None


def holding(sockets: Path, data: Path) -> Postmaster | None:
    """A live postmaster of this data by its socket's lock: its data may be gone from under it."""
    try:
        pid = int((sockets / ".s.PGSQL.5432.lock").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None
    return Postmaster(pid, sockets) if serves(pid, data) else None


def live(data: Path) -> Postmaster | None:
    """The recorded postmaster, if that process is really one of this data."""
    found = recorded(data)
    return found if found and serves(found.pid, data) else None


def serves(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL started on this data; a dead or reused pid is not."""
    command = _command(pid)
    return "postgres" in command.split("\0")[0] and str(data) in command


def send(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def _command(pid: int) -> str:
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    asked = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
