"""The local AWS as a part of `palatine up`: a child process, its health, what it holds."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.error import URLError

from palatine import ports
from palatine.home import await_free
from palatine.stopping import Stopping
from palatine.trouble import Trouble, last_lines

_HOST = "127.0.0.1"
_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.03
# a proxy in the environment is not for loopback
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class LocalAws:
    child: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def alive(self) -> bool:
        return self.child.poll() is None

    def healthy(self) -> bool:
        try:
            self._get("/_local/health")
        except (URLError, OSError):
            return False
        return True

    def seed(self) -> dict[str, Any]:
        """The identifiers of the cluster it made: region, listener_arn, queue_url…"""
        return cast(dict[str, Any], json.loads(self._get("/_local/seed")))

    @property
    def new(self) -> bool:
        """Whether there was nothing when it was started."""
        return bool(self.seed()["new"])

    def stop(self, stopping: Stopping | None = None) -> None:
        self.child.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        while self.alive and time.monotonic() < deadline and not (stopping and stopping.hurry):
            time.sleep(_POLL_SECONDS)
        if self.alive:
            self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        if self.child.stdin:
            self.child.stdin.close()

    def _get(self, path: str) -> bytes:
        with _opener.open(self.url + path, timeout=5) as answer:
            return cast(bytes, answer.read())


def start(folder: Path, *, port: int, router_port: int, log: Path, stopping: Stopping) -> LocalAws:
    """Answers once it is healthy. `folder` is where it keeps what it has; 0 is any free port."""
    folder.mkdir(exist_ok=True, mode=0o700)
    await_free(folder, stopping)
    port, router_port = _free(port, router_port)
    tether = [sys.executable, "-P", "-m", "palatine.tether"]
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*tether, str(port), str(router_port), str(folder)],
            stdin=subprocess.PIPE,  # held by us: its end of file is our death
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us to answer
        )
    return _ready(LocalAws(child, f"http://{_HOST}:{port}", log), stopping)


def _free(port: int, router_port: int) -> tuple[int, int]:
    with (
        ports.bind(_HOST, port, "--aws-port") as aws,
        ports.bind(_HOST, router_port, "--router-port") as router,
    ):
        return ports.number(aws), ports.number(router)


def _ready(aws: LocalAws, stopping: Stopping) -> LocalAws:
    deadline = time.monotonic() + _READY_SECONDS
    try:
        while not aws.healthy():
            if not aws.alive or time.monotonic() > deadline:
                raise Trouble(f"The local AWS did not start:{last_lines(aws.log)}")
            stopping.pause(_POLL_SECONDS)
    except BaseException:
        aws.stop()
        raise
    return aws
