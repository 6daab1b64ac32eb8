"""A Palatine of its own: `palatine up` in a child process, on free ports, in its own folder."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from palatine.trouble import Trouble

_START_WITHIN = 60.0
_STOP_WITHIN = 30.0


@dataclass(frozen=True)
class Installation:
    """Where its parts answer."""

    api_url: str
    aws_url: str
    router_url: str
    token: str
    pid: int

    @property
    def registry(self) -> str:
        return self.aws_url.removeprefix("http://")


@contextmanager
def running(home: Path) -> Iterator[Installation]:
    """Started, and stopped with Ctrl-C's signal, after which nothing of it is left."""
    api, aws, router = _free_ports(3)
    token = f"palatine_{secrets.token_urlsafe(32)}"
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "palatine", "up", "--home", str(home)),
            *("--port", str(api), "--aws-port", str(aws), "--router-port", str(router)),
        ],
        env=_environment(token),
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # the terminal's Ctrl-C reaches us, and we stop it in order
    )
    try:
        url = f"http://127.0.0.1:{api}"
        _await(url, child)
        yield Installation(
            api_url=url,
            aws_url=f"http://127.0.0.1:{aws}",
            router_url=f"http://127.0.0.1:{router}",
            token=token,
            pid=child.pid,
        )
    finally:
        _stop(child)


def _environment(token: str) -> dict[str, str]:
    """Ours without its settings: a demo beside a real installation must not touch it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PALATINE_")}
    return kept | {"PALATINE_ADMIN_TOKEN": token}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        ports = []
        for _ in range(count):
            listener = held.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports.append(listener.getsockname()[1])
    return ports


def _await(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Trouble("Palatine did not start; what it said is above.")
        try:
            if httpx2.get(f"{url}/health", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    raise Trouble(f"Palatine did not answer within {_START_WITHIN:.0f} s.")


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        code = child.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        raise Trouble(f"Palatine did not stop within {_STOP_WITHIN:.0f} s.") from None
    if code != 0:
        raise Trouble(f"Palatine ended with exit code {code}.")
