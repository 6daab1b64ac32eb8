"""What an installation could leave behind, told to be its own by its folder and its ports.

Other tests run beside it: what they start, listen on or write is none of its doing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.e2e.installing import Up

GONE_WITHIN = 15.0


def of(up: Up) -> list[str]:
    """Processes, sockets and temporary files, one a line, for people to read."""
    return [
        *(f"process {one.pid}: {' '.join(one.cmdline())}" for one in processes(up)),
        *listeners(up),
        *unix_sockets(up),
        *(f"file {path}" for path in temporary_files(up)),
    ]


def processes(up: Up) -> list[psutil.Process]:
    """Everybody who names the folder or works in it: PostgreSQL's data may lie elsewhere."""
    folders = {str(up.folder), str((up.home / "postgres").resolve())}
    return [one for one in psutil.process_iter() if _of_any(one, folders)]


def listeners(up: Up) -> list[str]:
    found = psutil.net_connections("inet")
    return [
        f"listener {one.laddr.ip}:{one.laddr.port}"
        for one in found
        if one.status == psutil.CONN_LISTEN and one.laddr.port in up.ports
    ]


def unix_sockets(up: Up) -> list[str]:
    return [
        f"socket {one.laddr}"
        for one in psutil.net_connections("unix")
        if str(up.folder) in str(one.laddr)
    ]


def temporary_files(up: Up) -> list[Path]:
    """All of its TMPDIR but the home; and of the home what only a running one needs."""
    beside = [path for path in up.folder.iterdir() if path.name not in {"home", "said"}]
    return beside + [path for path in _below(up.home) if _passing(path)]


def home_files(up: Up) -> set[Path]:
    """Those that are to stay; PostgreSQL and the local AWS's state look after their own."""
    files = (path for path in _below(up.home) if not path.is_dir())
    return {path for path in files if not _passing(path) and not _of_the_state(path)}


def eventually_none(up: Up) -> list[str]:
    """What is still there after a few seconds: those who notice a death need a moment."""
    deadline = time.monotonic() + GONE_WITHIN
    while (left := of(up)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _of_any(process: psutil.Process, folders: set[str]) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        said = [*process.cmdline(), process.cwd(), *process.environ().values()]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(folder in word for word in said for folder in folders)


def _below(home: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(home):
        if Path(folder) == home and "postgres" in folders:
            folders.remove("postgres")
        yield from (Path(folder) / name for name in (*folders, *files))


def _passing(path: Path) -> bool:
    return path.is_socket() or path.suffix in {".tmp", ".pid"} or path.name.startswith("pulling-")


def _of_the_state(path: Path) -> bool:
    """Written anew, under another name, as it changes."""
    return path.parent.match("localaws/state") and path.suffix[1:].isdigit()
