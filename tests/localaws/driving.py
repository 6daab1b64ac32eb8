"""The three drivers, each able to do the same things: what the contract tests drive."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import signal
import tarfile
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import httpx2

from localaws.clock import Clock
from localaws.drivers.docker.driver import DockerDriver
from localaws.drivers.driver import Driver, Feature, Launch, Port, Running
from localaws.drivers.process import ProcessDriver
from localaws.drivers.sim.driver import SimDriver
from tests import engine
from tests.localaws import registering

T = TypeVar("T")
ADDRESS = "127.0.1.1"
NOTE = b"from the image\n"
RUNS = {"Env": ["GREETING=hello=you"], "WorkingDir": "/app", "Cmd": ["cat", "note"]}
PROGRAMS = (
    "sh",
    "cat",
    "sleep",
    "echo",
    "id",
    "tail",
    "true",
    "env",
    "pwd",
    "ls",
    "httpd",
    "touch",
)


@dataclass(frozen=True)
class Does:
    """What a container is to do, whichever driver runs it."""

    says: Sequence[str] = ()
    exits: int | None = None  # at once; None: it runs on
    stops: int | None = 0  # its code after SIGTERM; None: it is deaf to it


class Harness(Protocol):
    def driver(self) -> Driver: ...

    def image(self) -> str:
        """One that can be pulled, and is as `RUNS` says."""
        ...

    def missing(self) -> str:
        """One that cannot."""
        ...

    def told(self, does: Does) -> dict[str, object]:
        """What of a launch makes a container do so."""
        ...

    def serving(self) -> dict[str, object]:
        """What of a launch makes it answer 200 at its first port."""
        ...

    async def status(self, driver: Driver, port: Port) -> int:
        """What it is answered there."""
        ...


@dataclass
class Real:
    """Of a driver that runs programs."""

    home: Path
    registry: httpx2.Client
    layer: bytes = b""
    server: str = "exec python3 -m http.server --bind $HOST $PORT"

    def driver(self) -> Driver:
        return ProcessDriver(self.home, self._port)

    def image(self) -> str:
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": RUNS,
                "rootfs": {"type": "layers", "diff_ids": [registering.digest(self.layer)]},
            }
        ).encode()
        packed = gzip.compress(self.layer, 1, mtime=0)
        for blob in (config, packed):
            registering.push_blob(self.registry, "app", blob)
        manifest = registering.manifest(config, packed)
        registering.push_manifest(self.registry, "app", "v1", manifest)
        return f"127.0.0.1:{self._port}/app:v1"

    def missing(self) -> str:
        return f"127.0.0.1:{self._port}/app:v2"

    def told(self, does: Does) -> dict[str, object]:
        trap = "" if does.stops is None else f"exit {does.stops}"
        lines = [f"trap '{trap}' TERM", *(f"echo '{line}'" for line in does.says)]
        lines += [f"exit {does.exits}" if does.exits is not None else "echo up"]
        return {"command": ["sh", "-c", "; ".join([*lines, "while :; do sleep 0.05; done"])]}

    def serving(self) -> dict[str, object]:
        return {"command": ["sh", "-c", self.server]}

    async def status(self, driver: Driver, port: Port) -> int:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://{ADDRESS}:{port.host}/note")).status_code

    @property
    def _port(self) -> int:
        return self.registry.base_url.port or 0


@dataclass
class InDocker(Real):
    host: str = ""
    server: str = "exec httpd -f -p 8080"

    def driver(self) -> Driver:
        return DockerDriver(self.home, self._port, self.host)

    async def crash(self, driver: Driver) -> None:
        """As if it had been killed: what it ran goes on without it."""
        assert isinstance(driver, DockerDriver)
        for one in list(driver._alive.values()):
            await one.leave()
        await driver._engine.close()


@dataclass
class Simulated:
    def driver(self) -> Driver:
        made = SimDriver(Clock())
        made.table.tell([{"image": "missing:*", "pull_error": "manifest unknown"}])
        return made

    def image(self) -> str:
        return "app:v1"

    def missing(self) -> str:
        return "missing:v1"

    def told(self, does: Does) -> dict[str, object]:
        ends = {"exits_after": 0, "exit_code": does.exits} if does.exits is not None else {}
        says = [*does.says, *(() if ends else ("up",))]
        stops = {"stops_after": None} if does.stops is None else {"stop_code": does.stops}
        return {"environment": {"SIM": json.dumps({"says": says, **ends, **stops})}}

    def serving(self) -> dict[str, object]:
        return {}

    async def status(self, driver: Driver, port: Port) -> int:
        assert isinstance(driver, SimDriver)
        return await driver.probe(ADDRESS, port.host, "/", 5)


HONOURED = {
    "process": ProcessDriver.honours,
    "docker": DockerDriver.honours,
    "sim": SimDriver.honours,
}


def honouring(feature: Feature) -> list[str]:
    return [name for name, features in HONOURED.items() if feature in features]


def layer(*, programs: bool) -> bytes:
    """A file in the working directory, and where nothing else is, the programs to read it."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        _add(archive, "app/note", NOTE, 0o644)
        if programs:
            _add(archive, "bin/busybox", engine.busybox().read_bytes(), 0o755)
            for name in PROGRAMS:
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
    return whole.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    archive.addfile(member, io.BytesIO(content))


@dataclass
class Drive:
    """A driver that has started, and containers of its image."""

    harness: Harness
    driver: Driver
    lines: list[str] = field(default_factory=list)

    async def launch(self, name: str = "one", **more: object) -> Running:
        image = await self.driver.pull(self.harness.image())
        settings = {"environment": {}, "on_line": self.lines.append, **more}
        return await self.driver.launch(Launch(_unique(name), image, ADDRESS, **settings))  # type: ignore[arg-type]

    async def does(self, does: Does, name: str = "one", **more: object) -> Running:
        return await self.launch(name, **self.harness.told(does), **more)

    async def running(self, does: Does, name: str = "one", **more: object) -> Running:
        """Once it has said that it runs."""
        running = await self.does(does, name, **more)
        await until(lambda: "up" in self.lines)
        return running


def drive(harness: Harness, story: Callable[[Drive], Awaitable[None]]) -> None:
    async def whole() -> None:
        driver = harness.driver()
        await driver.start()
        try:
            await story(Drive(harness, driver))
        finally:
            await driver.stop()

    asyncio.run(asyncio.wait_for(whole(), 60))


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


async def end(running: Running) -> int:
    await running.signal(signal.SIGKILL)
    return await running.wait()


def _unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:12]}"
