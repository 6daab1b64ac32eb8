"""A Docker Engine for tests: the one that answers, else one of their own, started by root.

It has folders, a socket and a bridge of its own, writes no firewall rule, and leaves nothing.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests import servers

PACKAGES = "docker.io busybox-static iproute2"
SOCKET = "unix:///var/run/docker.sock"
INTERPRETER = 3  # PT_INTERP
START_SECONDS, STOP_SECONDS = 60, 60


@contextmanager
def docker_engine() -> Iterator[str]:
    """Its address, as DOCKER_HOST has it."""
    present = os.environ.get("DOCKER_HOST") or SOCKET
    if _answers(present):
        yield present
        return
    if os.geteuid() != 0 or not shutil.which("dockerd") or not shutil.which("ip"):
        servers.missing(PACKAGES)
    folder = Path(tempfile.mkdtemp(prefix="palatine-engine-", dir="/tmp"))
    try:
        with _bridge() as bridge, _running(folder, bridge):
            yield f"unix://{folder}/docker.sock"
    finally:
        shutil.rmtree(folder)


def busybox() -> Path:
    """One that needs nothing else, for images that have nothing else."""
    program = shutil.which("busybox")
    if program is None or _wants_a_linker(Path(program).read_bytes()):
        servers.missing("busybox-static")
    return Path(program)


def _wants_a_linker(elf: bytes) -> bool:
    """Of a 64-bit program: whether one of its headers names an interpreter."""
    (first,), (size, count) = struct.unpack_from("<Q", elf, 32), struct.unpack_from("<HH", elf, 54)
    kinds = (struct.unpack_from("<I", elf, first + size * number)[0] for number in range(count))
    return INTERPRETER in kinds


@contextmanager
def _bridge() -> Iterator[str]:
    """Of a name and a network that no engine has by default."""
    name, network = f"pal{os.getpid()}", f"10.213.{os.getpid() % 256}.1/24"
    _ip("link", "add", name, "type", "bridge")
    try:
        _ip("address", "add", network, "dev", name)
        _ip("link", "set", name, "up")
        yield name
    finally:
        _ip("link", "delete", name)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        servers.unable(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextmanager
def _running(folder: Path, bridge: str) -> Iterator[None]:
    command = ["dockerd", "--host", f"unix://{folder}/docker.sock", "--bridge", bridge]
    command += ["--data-root", str(folder / "data"), "--exec-root", str(folder / "run")]
    command += ["--pidfile", str(folder / "pid"), "--iptables=false", "--ip6tables=false"]
    command += ["--ip-forward=false", "--ip-masq=false"]
    with (folder / "log").open("wb") as log:
        engine = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            _await(engine, folder)
            yield
        finally:
            engine.send_signal(signal.SIGTERM)
            engine.wait(STOP_SECONDS)


def _await(engine: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(f"unix://{folder}/docker.sock"):
        if engine.poll() is not None or time.monotonic() > deadline:
            servers.unable(f"dockerd did not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)


def _answers(host: str) -> bool:
    with closing(_Connection(host)) as connection:
        try:
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


class _Connection(http.client.HTTPConnection):
    def __init__(self, host: str) -> None:
        scheme, _, self._where = host.partition("://")
        self._unix = scheme == "unix"
        super().__init__("localhost" if self._unix else self._where, timeout=5)

    def connect(self) -> None:
        if not self._unix:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(self._where)
