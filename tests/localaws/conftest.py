"""One local AWS for the whole run, as a child process, reached through boto3 as anyone would."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import ProxyHandler, build_opener

import boto3
import pytest
from botocore.config import Config

from tests.engine import docker_engine
from tests.localaws import driving, registering

Client = Any  # boto3 makes its classes as it runs
T = TypeVar("T")

START_SECONDS = 90.0  # four of them on a processor to itself

_http = build_opener(ProxyHandler({}))  # a proxy in the environment is not for loopback


@dataclass(frozen=True)
class LocalAws:
    port: int
    router_port: int
    process: subprocess.Popen[bytes]
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Client:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=f"http://127.0.0.1:{self.port}",
                region_name="us-east-1",
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )
        return self._clients[service]

    def get(self, path: str) -> bytes:
        with _http.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return bytes(answer.read())


def until(holds: Callable[[], T], seconds: float = 15) -> T:
    """The only place where these tests wait: the first true answer, or a failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{holds} did not come true within {seconds} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(
    home: Path, *, port: int, router_port: int, driver: str = "process"
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "localaws", "--port", str(port), "--driver", driver]
    command += ["--router-port", str(router_port), "--home", str(home)]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def healthy(aws: LocalAws) -> bool:
    assert aws.process.poll() is None, aws.process.stderr and aws.process.stderr.read().decode()
    try:
        return bool(aws.get("/_local/health"))
    except OSError:
        return False


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    port, router_port = free_port(), free_port()
    home = tmp_path_factory.mktemp("localaws")
    running = LocalAws(port, router_port, start(home, port=port, router_port=router_port))
    try:
        until(lambda: healthy(running), START_SECONDS)
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=15)


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    with docker_engine() as host:
        yield host


@pytest.fixture(params=list(driving.HONOURED))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[driving.Harness]:
    """Of each driver."""
    if request.param == "sim":
        yield driving.Simulated()
        return
    host = request.getfixturevalue("engine") if request.param == "docker" else ""
    with registering.serving(tmp_path / "registry") as registry:
        home, layer = tmp_path / "containers", driving.layer(programs=bool(host))
        if host:
            yield driving.InDocker(home, registry, layer, host=host)
        else:
            yield driving.Real(home, registry, layer)


@pytest.fixture
def name() -> str:
    """Of a stack, a queue…: unlike all others."""
    return f"t{uuid.uuid4().hex[:10]}"
