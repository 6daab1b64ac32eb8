"""`palatine localaws reset`: the account of a home is gone, and its images with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from localaws.persistence.folder import Folder

_PARTS = ("state", "registry", "containers")  # of a home; nothing else in it is ours


def empty(home: Path) -> None:
    """Raises Refused while a local AWS runs there."""
    if not (home / "state").is_dir():
        return
    with Folder(home / "state").held():
        for part in _PARTS:
            shutil.rmtree(home / part, ignore_errors=True)
