"""A working directory of its own for every container, as its writable layer would be.

Only WORKDIR is copied: it is where a process without isolation writes. What lies beside it on
the way down from the image's root is linked, so that `../shared` still leads there. An image
without a WORKDIR runs at its root, which is too much to copy: its containers share it.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from localaws.drivers.layers import inside


class Workplaces:
    def __init__(self, home: Path) -> None:
        self._home = home

    def clear(self) -> None:
        """What containers left that nobody saw end: those of a killed run, and those killed now."""
        shutil.rmtree(self._home, ignore_errors=True)

    async def make(self, name: str, root: Path, working_directory: str) -> Path:
        """The copy of `working_directory` below an image's `root`."""
        return await asyncio.to_thread(self._make, name, root, working_directory)

    async def remove(self, name: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._home / name, ignore_errors=True)

    def _make(self, name: str, root: Path, working_directory: str) -> Path:
        steps = inside(root, working_directory).relative_to(root).parts
        if not steps:
            return root
        here, there = self._home / name, root
        for step in steps:
            here.mkdir(parents=True)
            _link_all(there, here, but=step)
            here, there = here / step, there / step
        if there.is_dir():
            shutil.copytree(there, here, symlinks=True)
        else:  # Docker makes a WORKDIR that is not there
            here.mkdir(parents=True)
        return here


def _link_all(there: Path, here: Path, *, but: str) -> None:
    if there.is_dir():
        for entry in there.iterdir():
            if entry.name != but:
                (here / entry.name).symlink_to(entry)
