"""Lines out of a pipe: whatever a process writes, in pieces no longer than a log event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LONGEST_LINE = 200_000  # bytes; CloudWatch Logs takes 256 KiB an event, counted as UTF-8


class Lines(asyncio.Protocol):
    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.on_line = on_line
        self.rest = b""
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._say(line)
        if len(self.rest) > LONGEST_LINE:
            self._say(self.rest)
            self.rest = b""

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        if self.rest:
            self._say(self.rest)
        if not self.ended.done():
            self.ended.set_result(None)

    def _say(self, line: bytes) -> None:
        for start in range(0, max(len(line), 1), LONGEST_LINE):
            piece = line[start : start + LONGEST_LINE]
            self.on_line(piece.decode(errors="replace").rstrip("\r"))
