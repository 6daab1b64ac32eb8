"""`palatine up`: its first answer on a new home and on a known one, its stop, and its memory.

Beside them, in the same run, what a bare ASGI app on the same uvicorn takes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.support import children, costs, homes

IDLE = 3.0  # seconds after the first answer, before memory is read


@dataclass(frozen=True)
class Run:
    name: str
    first_answer: float  # seconds
    stop: float
    megabytes: Mapping[str, float]  # by program; empty where the kernel cannot say
    promise: str = ""


def main() -> None:
    with homes.temporary() as home:
        runs = [
            bare := _bare(),
            _up(home, "palatine up, a new home", ""),
            _up(home, "palatine up again", "<= 3 s, <= 250 MB"),
        ]
    print(f"{'':26}{'answers s':>10}{'x bare':>8}{'PSS MB':>8}{'x bare':>8}{'stops s':>8}  promise")
    for run in runs:
        print(_row(run, bare))
    for program, megabytes in runs[-1].megabytes.items():
        print(f"  {program:42}{megabytes:8.0f}")


def _bare() -> Run:
    port = children.free_port()
    return _run("bare ASGI", ["-m", "bench.support.bare", str(port)], f"http://127.0.0.1:{port}/")


def _up(home: Path, name: str, promise: str) -> Run:
    port, aws, router = (str(children.free_port()) for _ in range(3))
    command = ["-m", "palatine", "up", "--home", str(home), "--port", port]
    command += ["--aws-port", aws, "--router-port", router]
    return _run(name, command, f"http://127.0.0.1:{port}/health", promise)


def _run(name: str, command: Sequence[str], url: str, promise: str = "") -> Run:
    began = time.monotonic()
    with children.python(*command, answers=url) as child:
        first_answer = time.monotonic() - began
        time.sleep(IDLE)
        megabytes = costs.megabytes(child.pid)
        leaving = time.monotonic()
    return Run(name, first_answer, time.monotonic() - leaving, megabytes, promise)


def _row(run: Run, bare: Run) -> str:
    cells = f"{run.name:26}{run.first_answer:10.2f}{run.first_answer / bare.first_answer:8.1f}"
    if run.megabytes:
        memory = sum(run.megabytes.values())
        cells += f"{memory:8.0f}{memory / sum(bare.megabytes.values()):8.1f}"
    else:
        cells += f"{'-':>8}{'-':>8}"
    return f"{cells}{run.stop:8.2f}  {run.promise}"


if __name__ == "__main__":
    main()
