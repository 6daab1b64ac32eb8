"""The `process` driver: a container is its image's files and a plain process of this machine.

No isolation: the process sees the whole machine, absolute paths are the host's (only the
working directory, a copy of its own, is mapped below the unpacked image), and what lies outside
of it is shared by all containers of an image. It is told its port and address by PORT and HOST.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from localaws.drivers import images
from localaws.drivers.children import Children, SpawnFailed
from localaws.drivers.driver import (
    DID_NOT_END,
    Feature,
    Image,
    Launch,
    OnLine,
    Port,
    Running,
    StartFailed,
)
from localaws.drivers.output import Lines
from localaws.drivers.ports import HostPorts, NoFreePort, bindable
from localaws.drivers.workplaces import Workplaces

LAST_WORDS_SECONDS = 1.0  # how long output is awaited from a process that has ended
NOT_EXECUTABLE, NOT_FOUND = 126, 127  # as a shell and Docker say it
DAEMON = "Error response from daemon: failed to create task for container: "


class ProcessDriver:
    honours = frozenset({Feature.PROGRAMS})

    def __init__(self, home: Path, registry_port: int) -> None:
        """Images are kept below `home`; references to ECR go to the registry on this port."""
        self._images = images.Images(home / "images", registry_port)
        self._workplaces = Workplaces(home / "work")
        self._children = Children()
        self._ports = HostPorts()

    async def start(self) -> None:
        self._workplaces.clear()
        await self._children.start()

    async def stop(self) -> None:
        await self._children.stop()
        self._workplaces.clear()

    async def pull(self, reference: str) -> Image:
        return await self._images.pull(reference)

    async def launch(self, launch: Launch) -> Running:
        ports = self._bind(launch)
        try:
            return await self._run(launch, ports)
        except SpawnFailed as error:
            self._give_back(launch, ports)
            raise StartFailed(_refusal(launch, error)) from error
        except BaseException:
            self._give_back(launch, ports)
            raise

    async def adopt(self, labels: Mapping[str, str], on_line: OnLine) -> Running | None:  # noqa: ARG002
        """Never: processes die with the spawner, and that dies with us."""
        return None

    async def end_unadopted(self) -> None:
        """There are none, see `adopt`."""

    def _bind(self, launch: Launch) -> list[Port]:
        bound = []
        for port in launch.ports:
            if port.host and not bindable(launch.address, port.host):
                raise StartFailed(
                    f"{DAEMON}failed to bind host port for {launch.address}:{port.host}"
                    f"/{port.protocol}: address already in use"
                )
            bound.append(port)
        try:
            return [
                Port(port.container, port.host or self._ports.take(launch.address), port.protocol)
                for port in bound
            ]
        except NoFreePort as error:
            raise StartFailed(f"{DAEMON}{error}") from error

    def _give_back(self, launch: Launch, ports: Sequence[Port]) -> None:
        asked = {port.host for port in launch.ports}
        self._ports.give_back({port.host for port in ports} - asked)

    async def _run(self, launch: Launch, ports: list[Port]) -> Running:
        argv = arguments(launch)
        if not argv:
            raise StartFailed(f"{DAEMON}no command specified")
        wanted = launch.working_directory or launch.image.working_directory or "/"
        cwd = await self._workplaces.make(launch.id, launch.image.root, wanted)
        inside = _Inside(launch.id, str(cwd), environment(launch, ports, cwd), self._children)
        lines, ours, theirs = await _pipe(launch)
        try:
            exited = await inside.spawn(launch.id, argv, theirs)
        except BaseException:
            ours.close()
            await self._workplaces.remove(launch.id)
            raise
        finally:
            os.close(theirs)
        exited.add_done_callback(lambda _: self._give_back(launch, ports))
        ended = asyncio.create_task(self._end(launch.id, exited, lines, ours))
        return _Process(inside, ports, ended)

    async def _end(
        self, name: str, exited: asyncio.Future[int], lines: Lines, pipe: asyncio.ReadTransport
    ) -> int:
        code = await _last_words(exited, lines, pipe)
        await self._workplaces.remove(name)
        return code


@dataclass
class _Inside:
    """Where the processes of one container run, and with what environment."""

    name: str
    cwd: str
    environment: Mapping[str, str]
    children: Children

    async def spawn(self, name: str, argv: Sequence[str], output: int) -> asyncio.Future[int]:
        return await self.children.spawn(
            name, argv, cwd=self.cwd, environment=self.environment, output=output
        )


class _Process:
    out_of_memory = False  # no limit is set

    def __init__(self, inside: _Inside, ports: Sequence[Port], ended: asyncio.Task[int]) -> None:
        self.runtime_id, self.ports = inside.name, ports
        self._inside, self._ended = inside, ended
        self._executed = count(1)

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def signal(self, number: int) -> None:
        await self._inside.children.signal(self.runtime_id, number)

    async def execute(self, command: Sequence[str], timeout: float) -> int:
        if self._ended.done():
            return DID_NOT_END
        name = f"{self.runtime_id}-execute-{next(self._executed)}"
        try:
            exited = await self._spawn(name, command)
        except SpawnFailed as error:
            return NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE
        try:
            await asyncio.wait(
                {exited, self._ended}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await self._inside.children.signal(name, signal.SIGKILL)
        return exited.result() if exited.done() else DID_NOT_END

    async def _spawn(self, name: str, command: Sequence[str]) -> asyncio.Future[int]:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            return await self._inside.spawn(name, command, nowhere)
        finally:
            os.close(nowhere)


async def _last_words(
    exited: asyncio.Future[int], lines: Lines, pipe: asyncio.ReadTransport
) -> int:
    """The pipe may outlive the process, where a descendant that escaped still holds it."""
    code = await exited
    await asyncio.wait([lines.ended], timeout=LAST_WORDS_SECONDS)
    pipe.close()
    return code


async def _pipe(launch: Launch) -> tuple[Lines, asyncio.ReadTransport, int]:
    ours, theirs = os.pipe()
    loop = asyncio.get_running_loop()
    # uvloop closes the number by itself: a second close could hit what another thread has opened
    file = os.fdopen(ours, "rb", 0, closefd=isinstance(loop, asyncio.BaseEventLoop))
    pipe, lines = await loop.connect_read_pipe(lambda: Lines(launch.on_line), file)
    return lines, pipe, theirs


def arguments(launch: Launch) -> list[str]:
    """Docker's rule: who sets the entry point drops the image's command as well."""
    if launch.entrypoint is not None:
        return [*launch.entrypoint, *(launch.command or ())]
    command = launch.image.command if launch.command is None else launch.command
    return [*launch.image.entrypoint, *command]


def environment(launch: Launch, ports: Sequence[Port], cwd: Path) -> dict[str, str]:
    """The image's PATH is of no use here: the programs are the host's."""
    told = {"HOME": str(cwd), **launch.image.environment}
    told.pop("PATH", None)
    told.update(launch.environment)
    told["PATH"] = ":".join(filter(None, [told.get("PATH"), os.environ.get("PATH", os.defpath)]))
    told["HOST"] = launch.address
    if ports:
        told["PORT"] = str(ports[0].host)
    return told


def _refusal(launch: Launch, error: SpawnFailed) -> str:
    program = arguments(launch)[0]
    why = str(error.args[-1])
    if error.errno == errno.ENOENT:
        why = f'exec: "{program}": executable file not found in $PATH'
    elif error.errno == errno.EACCES:
        why = f'exec: "{program}": permission denied'
    return f"{DAEMON}unable to start container process: {why}: unknown"
