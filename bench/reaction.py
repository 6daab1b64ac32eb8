"""From a commit to the call of AWS it asks for, and two streamed deploys, phase by phase.

The commit of a scale lies between its request and its answer, so both are shown. Beside them,
in the same run, the least that could react: a NOTIFY that is heard, then one call of ECS.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.support import homes, installation, least, scales
from bench.support.installation import Installation
from localaws import image
from palatine.demo import sample
from palatine.demo.api import Api

TRIES = 50


def main() -> None:
    with homes.temporary() as home, installation.running(home) as at:
        api = Api(at.api_url, at.token)
        _reaction(at, api)
        with tempfile.TemporaryDirectory() as scratch:
            _deploys(at, api, [sample.folder(), sample.second_version(Path(scratch))])


def _reaction(at: Installation, api: Api) -> None:
    scales.prepare(at, api)
    baseline = least.milliseconds(at, TRIES)
    tries = [scales.to(1 + number % 2, at, api) for number in range(TRIES)]
    print(f"{'':38}{'p50 ms':>8}{'x least':>8}{'p99 ms':>8}{'x least':>8}  promise")
    _print("the least: NOTIFY heard, ECS called", baseline, baseline)
    _print("scale answered, AWS called at all", [t.looked - t.answered for t in tries], baseline)
    called = "UpdateService called"
    _print(
        f"scale answered, {called}", [t.called - t.answered for t in tries], baseline, "10, 50 ms"
    )
    _print(f"scale asked, {called}", [t.called - t.asked for t in tries], baseline)


def _print(name: str, took: Sequence[float], least: Sequence[float], promise: str = "") -> None:
    cells = ""
    for percent in (50, 99):
        here, there = _percentile(took, percent), _percentile(least, percent)
        cells += f"{here:8.1f}{here / there:8.1f}"
    print(f"{name:38}{cells}  {promise}")


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _deploys(at: Installation, api: Api, versions: Sequence[Path]) -> None:
    """The first makes the stack, the second leaves it as it is."""
    api.post("/apps", {"name": "hello"})
    took = []
    for number, folder in enumerate(versions, 1):
        image.push_directory(folder, f"hello:v{number}", at.registry)
        at.recorder.quiet(scales.SILENCE)
        took.append(_deploy(at, api, f"{at.registry}/hello:v{number}"))
    with_stack, without = took
    print(f"with its stack {with_stack:.2f} s (promise: 2.5 s, and what the stack takes)")
    print(f"without one    {without:.2f} s (promise: 2 s)")
    print(f"with / without {with_stack / without:.2f}")


def _deploy(at: Installation, api: Api, reference: str) -> float:
    print(f"deploy {reference.rpartition('/')[2]}, seconds since it was asked for:")
    began = time.monotonic()
    for line in api.deploy("hello", reference):
        print(f"{time.monotonic() - began:8.2f}  {line}")
    took = time.monotonic() - began
    called = [call.operation for call in at.recorder.since(began)]
    changes = [name for name in called if not name.startswith(("Describe", "List", "Get"))]
    print(f"{'':10}{len(called)} calls of AWS; changes: {', '.join(changes)}")
    return took


if __name__ == "__main__":
    main()
