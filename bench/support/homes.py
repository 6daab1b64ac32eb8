"""A home for one run of a command, gone afterwards, also when the command is told to end."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from palatine.postgres import places


@contextmanager
def temporary() -> Iterator[Path]:
    signal.signal(signal.SIGTERM, _end_in_order)
    with tempfile.TemporaryDirectory(prefix="palatine-bench-") as scratch:
        Path(scratch).chmod(0o711)  # as root PostgreSQL is somebody else, who must pass through
        home = Path(scratch) / "home"
        try:
            yield home
        finally:
            places.forget(home)


def _end_in_order(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # so that every block on the way out ends what it began
