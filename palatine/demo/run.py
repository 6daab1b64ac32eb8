"""Run the tour on an installation made for it, and leave nothing behind."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

from palatine.demo.api import Api
from palatine.demo.installation import running
from palatine.demo.tour import NAME, Tour
from palatine.demo.traffic import App
from palatine.postgres import places
from palatine.trouble import Trouble


def demo() -> int:
    """The exit code: 0 when every step did what it should."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, _end_in_order)

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="palatine-demo-") as scratch:
        Path(scratch).chmod(0o711)  # as root PostgreSQL is somebody else, who must pass through
        home = Path(scratch) / "home"
        try:
            say("start Palatine: PostgreSQL, a local AWS, the API, a worker")
            with (
                running(home) as installation,
                closing(Api(installation.api_url, installation.token)) as api,
            ):
                app = App(installation.router_url, f"{NAME}.localhost")
                Tour(installation, api, app, Path(scratch), say).walk()
            say("stopped; nothing is left behind")
        except Trouble as trouble:
            sys.stderr.write(f"palatine: {trouble}\n")
            return 1
        finally:
            places.forget(home)
    return 0


def _end_in_order(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # so that every block on the way out ends what it began
