"""`palatine localaws reset`: the account of a home is gone, its images and its tasks with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from localaws.persistence.folder import Folder

_PARTS = ("state", "registry", "containers")  # of a home; nothing else in it is ours
_BY_DOCKER = "containers/output"  # is there once Docker has run anything


def empty(home: Path) -> None:
    """Raises Refused while a local AWS runs there."""
    if not (home / "state").is_dir():
        return
    with Folder(home / "state").held():
        if (home / _BY_DOCKER).is_dir():
            # its client is for those who use Docker
            from localaws.drivers.docker import leftovers  # noqa: PLC0415

            leftovers.end(home / "containers")
        for part in _PARTS:
            shutil.rmtree(home / part, ignore_errors=True)
