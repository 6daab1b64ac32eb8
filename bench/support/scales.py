"""Scales of an app that costs nothing to run, each watched until ECS is asked for it."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.support.installation import Installation
from localaws import image
from palatine.demo.api import Api

SILENCE = 0.3  # seconds in which AWS is not called: then the platform is idle
_APP = "sleeper"


@dataclass(frozen=True)
class Try:
    """Moments, in milliseconds."""

    asked: float
    answered: float
    looked: float  # the first call of AWS
    called: float  # UpdateService


def prepare(at: Installation, api: Api) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Procfile").write_text("idle: exec sleep 86400\n")
        image.push_directory(Path(folder), f"{_APP}:v1", at.registry)
    api.post("/apps", {"name": _APP})
    list(api.deploy(_APP, f"{at.registry}/{_APP}:v1"))
    api.patch(f"/apps/{_APP}/formation/idle", {"quantity": 3})
    api.succeeded(api.newest_operation(_APP))


def to(quantity: int, at: Installation, api: Api) -> Try:
    at.recorder.quiet(SILENCE)
    asked, answered = _ask(quantity, at)
    called = at.recorder.first("UpdateService", since=asked).at
    looked = at.recorder.since(asked)[0].at
    api.succeeded(api.newest_operation(_APP))
    return Try(*(moment * 1000 for moment in (asked, answered, looked, called)))


def _ask(quantity: int, at: Installation) -> tuple[float, float]:
    """Without a client library, whose own time would count."""
    connection = http.client.HTTPConnection("127.0.0.1", at.api_port, timeout=30)
    connection.connect()
    headers = {"Authorization": f"Bearer {at.token}", "Content-Type": "application/json"}
    body = json.dumps({"quantity": quantity})
    asked = time.monotonic()
    connection.request("PATCH", f"/apps/{_APP}/formation/idle", body, headers)
    answer = connection.getresponse()
    answered = time.monotonic()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {answer.read().decode()}")
    connection.close()
    return asked, answered
