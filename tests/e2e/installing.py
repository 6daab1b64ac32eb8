"""`palatine up` as its user runs it: ended by any signal, started again where it was."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx2
import pytest

from palatine.demo.api import Api
from palatine.demo.installation import Installation
from palatine.demo.traffic import App
from palatine.postgres import places

START_WITHIN = 60.0
STOP_WITHIN = 30.0


@dataclass
class Up:
    """`folder` is its temporary folder too: all that it leaves anywhere can be told to be its."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default_factory=lambda: f"palatine_{secrets.token_urlsafe(32)}")
    ports: tuple[int, ...] = field(default_factory=lambda: free_ports(3))
    child: subprocess.Popen[bytes] | None = None
    clients: ExitStack = field(default_factory=ExitStack)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def at(self) -> Installation:
        api, aws, router = (f"http://127.0.0.1:{port}" for port in self.ports)
        pid = self.child.pid if self.child else 0
        return Installation(api_url=api, aws_url=aws, router_url=router, token=self.token, pid=pid)

    @cached_property
    def api(self) -> Api:
        return self.clients.enter_context(closing(Api(self.at.api_url, self.token)))

    def app(self, name: str) -> App:
        return App(self.at.router_url, f"{name}.localhost")

    def aws(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no types
        return self.clients.enter_context(closing(client(self.at.aws_url, service)))

    def start(self) -> None:
        api, aws, router = (str(port) for port in self.ports)
        with (self.folder / "said").open("ab") as said:
            self.child = subprocess.Popen(
                [
                    *(sys.executable, "-m", "palatine", "up", "--home", str(self.home)),
                    *("--port", api, "--aws-port", aws, "--router-port", router),
                ],
                env=environment(
                    self.settings, TMPDIR=str(self.folder), PALATINE_ADMIN_TOKEN=self.token
                ),
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        await_answer(f"{self.at.api_url}/health", self.child, self.folder / "said")

    def end(self, number: int) -> int:
        """The exit code; the signal is for `palatine up` alone, not for what it started."""
        assert self.child
        if self.child.poll() is None:
            self.child.send_signal(number)
        return self.child.wait(STOP_WITHIN)

    def said(self) -> str:
        return (self.folder / "said").read_text()


@contextmanager
def installed(**settings: str) -> Iterator[Up]:
    """One that runs, in a folder that is gone afterwards; settings as in the environment."""
    with temporary_folder() as folder:
        up = Up(folder, settings)
        try:
            up.start()
            with up.clients:
                yield up
        finally:
            try:
                code = up.end(signal.SIGINT) if up.child else 0
            finally:
                places.forget(up.home)
        assert code == 0, up.said()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """With a short name, as sockets need, and open to the account PostgreSQL has under root."""
    folder = Path(tempfile.mkdtemp(prefix="palatine-e2e-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def environment(settings: Mapping[str, str], **more: str) -> dict[str, str]:
    """Ours without its own settings of Palatine."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PALATINE_")}
    return kept | dict(settings) | more


def client(aws_url: str, service: str) -> Any:  # noqa: ANN401 - as above
    return boto3.client(
        service,
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def free_ports(count: int) -> tuple[int, ...]:
    with ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return tuple(listener.getsockname()[1] for listener in listeners)


def await_answer(url: str, child: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while child.poll() is None and time.monotonic() < deadline:
        try:
            if httpx2.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    pytest.fail(f"{url} never answered:\n{said.read_text()}")
