"""The driver: every container is one of the engine, with a label that says whose it is."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from aiodocker import DockerError
from aiodocker.containers import DockerContainer

from localaws.drivers.docker import config, worlds
from localaws.drivers.docker.container import Contained, forget
from localaws.drivers.docker.engine import Engine
from localaws.drivers.docker.images import Images
from localaws.drivers.docker.marks import Mark
from localaws.drivers.driver import Feature, Image, Launch, OnLine, Port, StartFailed

FAREWELL_SECONDS = 15
DAEMON = "Error response from daemon: "


class DockerDriver:
    honours = frozenset(Feature)

    def __init__(self, home: Path, registry_port: int, host: str) -> None:
        """Of the engine at `host`; references to ECR go to the registry on this port."""
        self._home, self._registry_port = home, registry_port
        self._labels = worlds.labels(home)
        self._engine = Engine(host)
        self._alive: dict[str, Contained] = {}  # by runtime id

    async def start(self) -> None:
        """Raises DriverUnusable."""
        self._home.mkdir(parents=True, exist_ok=True)
        await self._engine.connect()
        self._images = Images(self._engine.docker, self._registry_port)
        await _remove(await worlds.orphans(self._engine.docker))

    async def stop(self) -> None:
        alive = list(self._alive.values())
        if alive:
            await asyncio.gather(*(one.signal(signal.SIGKILL) for one in alive))
            await asyncio.wait([one.ended for one in alive], timeout=FAREWELL_SECONDS)
        await asyncio.gather(*(one.leave() for one in alive))
        await self.end_unadopted()
        await self._engine.close()

    async def pull(self, reference: str) -> Image:
        return await self._images.pull(reference)

    async def launch(self, launch: Launch) -> Contained:
        settings = config.config(launch, self._labels)
        try:
            container = await self._engine.docker.containers.create(
                settings, name=f"localaws-{launch.id}"
            )
        except DockerError as error:
            raise StartFailed(DAEMON + error.message) from error
        try:
            await container.start()
            ports = config.ports(launch.ports, await container.show())
        except DockerError as error:
            await forget(container)
            raise StartFailed(DAEMON + error.message) from error
        except BaseException:
            await forget(container)
            raise
        return self._attend(container, ports, launch.on_line)

    async def adopt(self, labels: Mapping[str, str], on_line: OnLine) -> Contained | None:
        found = await worlds.containers(self._engine.docker, {**labels, **self._labels})
        for container in found:
            shown = await container.show()
            if container.id not in self._alive and shown["State"]["Status"] != "created":
                ports = config.ports(config.asked(shown), shown)
                return self._attend(container, ports, on_line)
        return None

    async def end_unadopted(self) -> None:
        ours = await worlds.containers(self._engine.docker, self._labels)
        await _remove(one for one in ours if one.id not in self._alive)

    def _attend(
        self, container: DockerContainer, ports: Sequence[Port], on_line: OnLine
    ) -> Contained:
        mark = Mark(self._home / "output" / container.id)
        attended = Contained(container, ports, mark, on_line)
        self._alive[container.id] = attended
        attended.ended.add_done_callback(lambda _: self._alive.pop(container.id, None))
        return attended


async def _remove(containers: Iterable[DockerContainer]) -> None:
    await asyncio.gather(*(forget(one) for one in containers))
