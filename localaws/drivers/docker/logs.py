"""A container's output as lines, and how far it was read: a mark that survives us."""

from __future__ import annotations

import asyncio
import calendar
import os
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

from aiodocker import Docker
from aiohttp import StreamReader

from localaws.drivers.driver import OnLine
from localaws.drivers.output import Lines

STAMP = "2006-01-02T15:04:05.000000000Z"  # all are as long, and sort as they follow each other

HEADER = struct.Struct(">4xL")  # the stream, 1 or 2, and the size of what follows


class Mark:
    """The time of the last piece of output that was handed on, kept in a file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.stamp = os.pread(self._file, len(STAMP), 0).decode()

    def move(self, stamp: str) -> None:
        self.stamp = stamp
        os.pwrite(self._file, stamp.encode(), 0)

    @property
    def seconds(self) -> str:
        """As the engine takes it: since 1970, with all nine decimals."""
        if not self.stamp:
            return "0"
        whole, _, fraction = self.stamp.removesuffix("Z").partition(".")
        return f"{calendar.timegm(time.strptime(whole, '%Y-%m-%dT%H:%M:%S'))}.{fraction}"

    def remove(self) -> None:
        os.close(self._file)
        self._path.unlink(missing_ok=True)


async def follow(docker: Docker, container: str, mark: Mark, on_line: OnLine) -> None:
    """What came since the mark, and what comes, until the container has ended."""
    lines, known = Lines(on_line), mark.stamp
    async for frame in _frames(docker, container, mark.seconds):
        stamp, _, piece = frame.partition(b" ")
        if (at := stamp.decode()) > known:  # several pieces may share one
            lines.data_received(piece)
            mark.move(at)
    lines.connection_lost(None)


async def _frames(docker: Docker, container: str, since: str) -> AsyncIterator[bytes]:
    """Asked for here and not through the client, which leaves its answer open when cancelled."""
    url = f"{docker.docker_host}/{docker.api_version}/containers/{container}/logs"
    params = {"stdout": "1", "stderr": "1", "follow": "1", "timestamps": "1", "since": since}
    async with docker.session.get(url, params=params) as answer:
        answer.raise_for_status()
        while header := await _whole(answer.content, HEADER.size):
            yield await _whole(answer.content, *HEADER.unpack(header))


async def _whole(content: StreamReader, size: int) -> bytes:
    """Nothing, where it ends before."""
    try:
        return await content.readexactly(size)
    except asyncio.IncompleteReadError:
        return b""
