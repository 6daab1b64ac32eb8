"""`palatine up` as it runs on a laptop, but with what it calls of AWS recorded.

The local AWS is a process of its own here, behind the recorder, at the pace that `palatine up`
gives itself beside a local AWS; operations end without a settle window.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import Settings
from bench.support import children, servers
from bench.support.recorder import Recorder

_PACE = {
    "poll_seconds": "0.2",
    "settle_seconds": "0",
    "drain_seconds": "2",
    "consistency_seconds": "1",
    "health_check_interval_seconds": "5",
    "health_check_timeout_seconds": "2",
}


@dataclass(frozen=True)
class Installation:
    api_port: int
    token: str
    registry: str
    recorder: Recorder
    home: Path

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"


@contextmanager
def running(home: Path) -> Iterator[Installation]:
    with (
        servers.local_aws(home.with_name("aws")) as aws,
        Recorder(aws.port, children.free_port()) as recorder,
    ):
        port, token = children.free_port(), secrets.token_urlsafe(32)
        seed = json.loads(children.get(f"http://127.0.0.1:{aws.port}/_local/seed"))
        known = {name: value for name, value in seed.items() if name in Settings.model_fields}
        with children.python(
            *("-m", "palatine", "up", "--port", str(port), "--home", str(home)),
            answers=f"http://127.0.0.1:{port}/health",
            aws_endpoint_url=recorder.url,
            aws_region=seed["region"],
            admin_token=token,
            **known,
            **_PACE,
        ):
            yield Installation(port, token, f"127.0.0.1:{aws.port}", recorder, home)
