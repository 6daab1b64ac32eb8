"""What of PostgreSQL is where: programs, data, socket, log, and the account that owns them."""

import hashlib
import os
import re
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from palatine import home as homes
from palatine.postgres import account, binaries, process
from palatine.postgres.account import Account
from palatine.postgres.binaries import Binaries
from palatine.trouble import Trouble

SYSTEM_FOLDER = Path("/var/lib/palatine")
_SOCKET_PATH_LIMIT = 100  # bytes; the kernel's own is 104 to 108, the file's name included
_LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Places:
    account: Account
    binaries: Binaries
    data: Path
    log: Path

    @property
    def initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()


def of(home: Path, *, system: Path = SYSTEM_FOLDER) -> Places:
    """Where PostgreSQL lives for this home; makes the folder around its data."""
    owner = account.for_postgres(home / "postgres")
    data = _folder(home, owner, system) / "data"
    programs = binaries.find(owner, system, major=_major(data))
    return Places(owner, programs, data, homes.log(home, "postgres"))


def forget(home: Path) -> None:
    """Remove the data of this home, wherever it lies. PostgreSQL must have stopped."""
    link = home / "postgres"
    shutil.rmtree(link.resolve(), ignore_errors=True)
    link.unlink(missing_ok=True)


def socket_folder(places: Places) -> Path:
    """A short folder of the account alone; the same for the same data, so nothing piles up."""
    name = "palatine-" + _fingerprint(places.data)
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 (owner is checked)
        if _fits(parent / name) and places.account.can_enter(parent):
            return _own_folder(parent / name, places.account)
    raise Trouble(
        "There is no folder for PostgreSQL's socket: point TMPDIR at a short, shared one."
    )


def _folder(home: Path, owner: Account, system: Path) -> Path:
    folder = home / "postgres"
    if not folder.exists():
        folder.unlink(missing_ok=True)  # a link to data that somebody removed
        if owner.can_enter(home):
            folder.mkdir()
        else:
            _link_to_system_folder(folder, home, system)
        owner.own(folder.resolve())
    return folder.resolve()


def _link_to_system_folder(link: Path, home: Path, system: Path) -> None:
    """Under /root, say, nobody else gets in: the data lies elsewhere, the home points to it."""
    elsewhere = system / _fingerprint(home)
    # without a link to it, it belonged to a home that was removed, and its key with it
    if left := process.live(elsewhere / "data"):
        process.send(left.pid, signal.SIGQUIT)
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.mkdir(parents=True)
    system.chmod(0o755)
    link.symlink_to(elsewhere)


def _major(data: Path) -> int | None:
    version = data / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(f"{os.geteuid()}:{path}".encode()).hexdigest()[:12]


def _fits(folder: Path) -> bool:
    # PostgreSQL reads a comma-separated list and strips quotes and blanks
    plain = re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII) is not None
    return plain and len(os.fsencode(folder)) + _LONGEST_SOCKET_NAME < _SOCKET_PATH_LIMIT


def _own_folder(folder: Path, owner: Account) -> Path:
    """The temporary folder is everybody's: one that is not wholly ours is left alone."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid != owner.uid or status.st_mode & 0o077:
            folder = Path(tempfile.mkdtemp(prefix="palatine-", dir=folder.parent))
    owner.own(folder)
    return folder
