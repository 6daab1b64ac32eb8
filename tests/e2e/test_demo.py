"""`palatine demo` beside a `palatine up` that runs: neither notices the other, nothing is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.e2e import traces
from tests.e2e.installing import Up, environment, temporary_folder


def test_it_walks_the_whole_road_and_leaves_nothing(shared: Up) -> None:
    before = shared.api.get("/apps")
    with temporary_folder() as folder:
        its_own = Up(folder, ports=())

        ended = _demo(folder)

        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "stopped; nothing is left behind" in ended.stdout.splitlines()[-1]
        assert traces.of(its_own) == []
        assert list(folder.iterdir()) == []
    assert shared.api.get("/apps") == before


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "palatine", "demo"],
        env=environment({}, TMPDIR=str(folder), HOME=str(folder)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
