"""One container of the engine, from its start to its removal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from aiodocker import DockerError
from aiodocker.containers import DockerContainer
from aiodocker.execs import Exec

from localaws.drivers.docker.logs import Output
from localaws.drivers.docker.marks import Mark
from localaws.drivers.driver import DID_NOT_END, OnLine, Port

log = logging.getLogger(__name__)
KILLED = 128 + signal.SIGKILL
GONE, NOT_RUNNING = 404, 409
LAST_WORDS_SECONDS = 5.0
AGAIN_SECONDS = 1.0  # after which an engine that went away is asked again


class Contained:
    out_of_memory = False

    def __init__(
        self, container: DockerContainer, ports: Sequence[Port], mark: Mark, on_line: OnLine
    ) -> None:
        self.runtime_id, self.ports = container.id, ports
        self._container, self._mark = container, mark
        self._output = Output(container.docker, container.id, mark, on_line)
        self._following = asyncio.create_task(self._said(self._output.follow()))
        self.ended = asyncio.create_task(self._end())

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    async def signal(self, number: int) -> None:
        with _unless_over():
            await self._container.kill(signal=str(int(number)))

    async def execute(self, command: Sequence[str], timeout: float) -> int:
        try:
            execution = await self._container.exec(list(command))
            try:
                async with asyncio.timeout(timeout):
                    return await _executed(execution)
            except TimeoutError:
                await self._kill(execution)
        except (DockerError, aiohttp.ClientError):
            log.debug("%s could not execute %s", self.runtime_id, command, exc_info=True)
        return DID_NOT_END

    async def leave(self) -> None:
        """Whoever waits for its end waits in vain; the container itself is left as it is."""
        for work in (self._following, self.ended):
            work.cancel()
        await asyncio.gather(self._following, self.ended, return_exceptions=True)

    async def _end(self) -> int:
        code = await self._exit_code()
        await asyncio.wait([self._following], timeout=LAST_WORDS_SECONDS)
        self._following.cancel()
        await self._said(self._output.finish())
        with _unless_over():
            self.out_of_memory = bool((await self._container.show())["State"]["OOMKilled"])
        await forget(self._container)
        self._mark.remove()
        return code

    async def _exit_code(self) -> int:
        while True:
            try:
                return int((await self._container.wait())["StatusCode"])
            except DockerError as error:
                if error.status == GONE:  # somebody removed it
                    return KILLED
            except aiohttp.ClientError:
                log.warning("the Docker Engine went away while %s ran", self.runtime_id)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _said(self, reading: Coroutine[Any, Any, None]) -> None:
        try:
            await reading
        except (DockerError, aiohttp.ClientError):
            log.warning("the output of %s was lost", self.runtime_id, exc_info=True)

    async def _kill(self, execution: Exec) -> None:
        """The engine cannot: its process dies if it is one of this machine, and we may."""
        pid = (await execution.inspect())["Pid"]
        with contextlib.suppress(OSError):
            if self.runtime_id in Path(f"/proc/{pid}/cgroup").read_text():
                os.kill(pid, signal.SIGKILL)


async def forget(container: DockerContainer) -> None:
    """Killed if it still runs, and removed."""
    with _unless_over():
        await container.delete(force=True, v=True)


async def _executed(execution: Exec) -> int:
    with contextlib.suppress(DockerError):  # there is no such program, which its code says too
        async with execution.start(detach=False) as stream:
            while await stream.read_out():
                pass
    code = (await execution.inspect())["ExitCode"]
    return DID_NOT_END if code is None else int(code)


@contextlib.contextmanager
def _unless_over() -> Iterator[None]:
    try:
        yield
    except DockerError as error:
        if error.status not in (GONE, NOT_RUNNING):
            raise
