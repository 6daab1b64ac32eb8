"""Who PostgreSQL runs as: ourselves; and when we are root, which it refuses, somebody else."""

import os
import pwd
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    name: str

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    def spawn(self) -> dict[str, Any]:
        """What subprocess needs to run as this account."""
        if self.is_ours:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Make the folder this account's alone."""
        if not self.is_ours:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def can_enter(self, folder: Path) -> bool:
        """Whether the account may pass through the folder and all above it: asked of the kernel."""
        if self.is_ours:
            return os.access(folder, os.X_OK)
        asked = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)]
        return subprocess.run(asked, cwd="/", check=False, **self.spawn()).returncode == 0


def ours() -> Account:
    return _account(pwd.getpwuid, os.geteuid()) or Account(os.geteuid(), os.getegid(), "")


def for_postgres(data: Path) -> Account:
    """The account to run as: the owner of the data where there is some already."""
    if os.geteuid() != 0:
        return ours()
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return _account(pwd.getpwuid, owner.st_uid) or Account(owner.st_uid, owner.st_gid, "")
    nobody = Account(65534, 65534, "nobody")
    return _account(pwd.getpwnam, "postgres") or _account(pwd.getpwnam, "nobody") or nobody


def _account(find: Callable[[Key], pwd.struct_passwd], key: Key) -> Account | None:
    try:
        entry = find(key)
    except KeyError:  # a container may run as a number without a name
        return None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
