"""A container's output as lines: what it says while it runs, and its last words."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator

from aiodocker import Docker
from aiohttp import StreamReader

from localaws.drivers.docker.marks import STDERR, STDOUT, Mark
from localaws.drivers.driver import OnLine
from localaws.drivers.output import Lines

HEADER = struct.Struct(">B3xL")  # the stream and the size of what follows


class Output:
    """Long lines come in pieces of 16 KiB, and the other stream's may come between them."""

    def __init__(self, docker: Docker, container: str, mark: Mark, on_line: OnLine) -> None:
        self._docker, self._container, self._mark = docker, container, mark
        self._lines = {STDOUT: Lines(on_line), STDERR: Lines(on_line)}

    async def follow(self) -> None:
        """What came since the mark, and what comes, until the container has ended."""
        await self._read(follow=True)

    async def finish(self) -> None:
        """Who follows may miss the last piece of a container that ends: it is read again."""
        await self._read(follow=False)
        for lines in self._lines.values():
            lines.connection_lost(None)

    async def _read(self, *, follow: bool) -> None:
        passing = self._mark.passing()
        async for stream, frame in self._frames(self._mark.since, follow=follow):
            stamp, _, piece = frame.partition(b" ")
            if passing.new(stream, stamp.decode(), piece):
                self._lines[stream].data_received(piece)

    async def _frames(self, since: str, *, follow: bool) -> AsyncGenerator[tuple[int, bytes]]:
        """Not through the client, which leaves its answer open when it is cancelled."""
        docker = self._docker
        url = f"{docker.docker_host}/{docker.api_version}/containers/{self._container}/logs"
        params = {"stdout": "1", "stderr": "1", "timestamps": "1", "since": since}
        params["follow"] = "1" if follow else "0"
        async with docker.session.get(url, params=params) as answer:
            answer.raise_for_status()
            while header := await _whole(answer.content, HEADER.size):
                stream, size = HEADER.unpack(header)
                if frame := await _whole(answer.content, size):
                    yield stream, frame


async def _whole(content: StreamReader, size: int) -> bytes:
    """Nothing, where it ends before."""
    try:
        return await content.readexactly(size)
    except asyncio.IncompleteReadError:
        return b""
