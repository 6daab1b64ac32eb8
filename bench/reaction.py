"""From a commit to the call of AWS it asks for, and two streamed deploys, phase by phase.

The commit of a scale lies between its request and its answer, so both are shown. Beside them,
in the same run, the least that could react: a NOTIFY that is heard, then one call of ECS.
"""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.support import homes, installation, least
from bench.support.installation import Installation
from localaws import image
from palatine.demo import sample
from palatine.demo.api import Api

TRIES = 50
SILENCE = 0.3  # seconds in which AWS is not called: then the platform is idle


def main() -> None:
    with homes.temporary() as home, installation.running(home) as at:
        api = Api(at.api_url, at.token)
        _reaction(at, api)
        with tempfile.TemporaryDirectory() as scratch:
            _deploys(at, api, [sample.folder(), sample.second_version(Path(scratch))])


def _reaction(at: Installation, api: Api) -> None:
    _deploy_sleeper(at, api)
    baseline = least.milliseconds(at, TRIES)
    tries = [_scale(at, api, quantity=1 + number % 2) for number in range(TRIES)]
    print(f"{'':38}{'p50 ms':>8}{'x least':>8}{'p99 ms':>8}{'x least':>8}  promise")
    _print("the least: NOTIFY heard, ECS called", baseline, baseline)
    _print("scale answered, AWS called at all", [t.looked - t.answered for t in tries], baseline)
    for name, promise in ("answered", "<= 10, <= 50"), ("asked", ""):
        took = [t.called - getattr(t, name) for t in tries]
        _print(f"scale {name}, UpdateService called", took, baseline, promise)


def _deploy_sleeper(at: Installation, api: Api) -> None:
    """A process that costs nothing, so that it does not stand in its own way."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Procfile").write_text("idle: exec sleep 86400\n")
        image.push_directory(Path(folder), "sleeper:v1", at.registry)
    api.post("/apps", {"name": "sleeper"})
    list(api.deploy("sleeper", f"{at.registry}/sleeper:v1"))
    api.patch("/apps/sleeper/formation/idle", {"quantity": 2})
    api.succeeded(api.newest_operation("sleeper"))


@dataclass(frozen=True)
class Try:
    """Moments, in milliseconds."""

    asked: float
    answered: float
    looked: float  # the first call of AWS
    called: float  # UpdateService


def _scale(at: Installation, api: Api, *, quantity: int) -> Try:
    at.recorder.quiet(SILENCE)
    connection = http.client.HTTPConnection("127.0.0.1", at.api_port, timeout=30)
    connection.connect()
    headers = {"Authorization": f"Bearer {at.token}", "Content-Type": "application/json"}
    body = json.dumps({"quantity": quantity})
    asked = time.monotonic()
    connection.request("PATCH", "/apps/sleeper/formation/idle", body, headers)
    answer = connection.getresponse()
    answered = time.monotonic()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {answer.read().decode()}")
    connection.close()
    called = at.recorder.first("UpdateService", since=asked).at
    looked = at.recorder.since(asked)[0].at
    api.succeeded(api.newest_operation("sleeper"))
    return Try(*(moment * 1000 for moment in (asked, answered, looked, called)))


def _deploys(at: Installation, api: Api, versions: Sequence[Path]) -> None:
    api.post("/apps", {"name": "hello"})
    took = []
    for number, folder in enumerate(versions, 1):
        image.push_directory(folder, f"hello:v{number}", at.registry)
        at.recorder.quiet(SILENCE)
        took.append(_deploy(at, api, f"{at.registry}/hello:v{number}"))
    with_stack, without = took
    print(f"with a stack, as a multiple of without: {with_stack / without:.2f}")


def _deploy(at: Installation, api: Api, reference: str) -> float:
    began = time.monotonic()
    print(f"deploy {reference.rpartition('/')[2]}, seconds:")
    for line in api.deploy("hello", reference):
        print(f"{time.monotonic() - began:8.2f}  {line}")
    took = time.monotonic() - began
    called = [call.operation for call in at.recorder.since(began)]
    changes = [name for name in called if not name.startswith(("Describe", "List", "Get"))]
    print(f"{'':10}{len(called)} calls of AWS; changes: {', '.join(changes)}")
    return took


def _print(name: str, took: Sequence[float], least: Sequence[float], promise: str = "") -> None:
    cells = ""
    for percent in (50, 99):
        here, there = _percentile(took, percent), _percentile(least, percent)
        cells += f"{here:8.1f}{here / there:8.1f}"
    print(f"{name:38}{cells}  {promise}")


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
