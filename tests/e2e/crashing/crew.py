"""Worker processes, from the test's side: began by a nursery, awaited, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.crashing import calls
from tests.e2e.crashing.calls import Errand

ROOT = Path(__file__).resolve().parents[3]
BEGINS_WITHIN = 30.0  # seconds; the first waits for the nursery's imports
LEAVES_WITHIN = 30.0


@dataclass(frozen=True)
class Worker:
    crew: Crew
    pid: int
    errand: Path

    def send(self, ask: str, last: str | None) -> None:
        """From now on it logs its calls under that name, and is killed at its `last`."""
        Errand(str(self._log(ask)), last).write(self.errand)

    def calls(self, ask: str) -> list[str]:
        return calls.read(self._log(ask))

    def _log(self, ask: str) -> Path:
        return self.errand.with_suffix(f".{ask.replace(' ', '-')}.calls")

    @property
    def status(self) -> int | None:
        """None while it lives; negative: ended by that signal."""
        return self.crew.statuses.get(self.pid)

    def kill(self) -> None:
        """Wherever it stands: the next one must do with what it left."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
        assert self.crew.await_end(self.pid, LEAVES_WITHIN), f"{self.pid} outlives a SIGKILL"


class Crew:
    """All workers of a test run, of any number of installations."""

    def __init__(self, nursery: subprocess.Popen[bytes], folder: Path) -> None:
        self.statuses: dict[int, int] = {}
        self._nursery = nursery
        self._folder = folder
        self._orders = count(1)
        self._pids: dict[int, int] = {}
        self._told = threading.Condition()
        self._thread = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self._thread.start()

    def begin(self, settings: Mapping[str, Any]) -> Worker:
        with self._told:
            order = next(self._orders)
            errand = self._folder / f"{order}.errand"
            Errand(str(errand.with_suffix(".calls")), None).write(errand)
            asked = {"order": order, "settings": dict(settings), "errand": str(errand)}
            asked["output"] = str(errand.with_suffix(".log"))
            assert self._nursery.stdin
            self._nursery.stdin.write(json.dumps(asked).encode() + b"\n")
            self._nursery.stdin.flush()
            assert self._told.wait_for(lambda: order in self._pids, BEGINS_WITHIN), asked["output"]
            return Worker(self, self._pids[order], errand)

    def await_end(self, pid: int, seconds: float) -> bool:
        with self._told:
            return self._told.wait_for(lambda: pid in self.statuses, seconds)

    def close(self) -> None:
        """The nursery ends its workers at the end of its input."""
        assert self._nursery.stdin
        self._nursery.stdin.close()
        self._nursery.wait(LEAVES_WITHIN)
        self._thread.join(LEAVES_WITHIN)
        assert self._nursery.stdout
        self._nursery.stdout.close()

    def _listen(self) -> None:
        assert self._nursery.stdout
        for line in self._nursery.stdout:
            told = json.loads(line)
            with self._told:
                if "order" in told:
                    self._pids[told["order"]] = told["pid"]
                else:
                    self.statuses[told["pid"]] = told["status"]
                self._told.notify_all()


@contextmanager
def crew(folder: Path) -> Iterator[Crew]:
    """Our environment without its settings: a worker has only those it is given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PALATINE_")}
    made = Crew(
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.crashing.nursery"],
            cwd=ROOT,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ),
        folder,
    )
    try:
        yield made
    finally:
        made.close()
