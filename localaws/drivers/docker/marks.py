"""How far a container's output was read: a mark that survives us."""

from __future__ import annotations

import calendar
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

STDOUT, STDERR = 1, 2  # as the engine numbers them
RECORD = struct.Struct(">30sI?")
SLACK_SECONDS = 1  # two streams' pieces may be written down in another order than they were dated


@dataclass(frozen=True)
class Position:
    """In one stream. Dates never fall in it; the pieces of one long line all bear its first's."""

    stamp: str = ""  # all are as long, 2006-01-02T15:04:05.000000000Z, and sort as they follow
    pieces: int = 0  # read that bear it
    within: bool = False  # a line whose end was not read

    def after(self, stamp: str, piece: bytes) -> Position:
        pieces = self.pieces + 1 if stamp == self.stamp else 1
        return Position(stamp, pieces, not piece.endswith(b"\n"))


class Mark:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._read = {stream: self._kept(stream) for stream in (STDOUT, STDERR)}

    def passing(self) -> Passing:
        return Passing(self, dict(self._read))

    def move(self, stream: int, stamp: str, piece: bytes) -> None:
        self._read[stream] = now = self._read[stream].after(stamp, piece)
        record = RECORD.pack(now.stamp.encode(), now.pieces, now.within)
        os.pwrite(self._file, record, self._place(stream))

    @property
    def since(self) -> str:
        """What was not read is not older; since 1970 and with all nine decimals, for the engine."""
        newest = max(position.stamp for position in self._read.values())
        if not newest:
            return "0"
        oldest = min(
            [newest, *(position.stamp for position in self._read.values() if position.within)]
        )
        whole, _, fraction = oldest.removesuffix("Z").partition(".")
        seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
        return f"{seconds - SLACK_SECONDS}.{fraction}"

    def remove(self) -> None:
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    def _kept(self, stream: int) -> Position:
        record = os.pread(self._file, RECORD.size, self._place(stream))
        if len(record) < RECORD.size:
            return Position()
        stamp, pieces, within = RECORD.unpack(record)
        return Position(stamp.decode(), pieces, within)

    @staticmethod
    def _place(stream: int) -> int:
        return RECORD.size * (stream - STDOUT)


class Passing:
    """One reading of the output from the mark's `since` on: passes over what was read before."""

    def __init__(self, mark: Mark, read: dict[int, Position]) -> None:
        self._mark, self._read = mark, read
        self._again = dict.fromkeys(read, 0)

    def new(self, stream: int, stamp: str, piece: bytes) -> bool:
        """And the mark moves on with it."""
        before = self._read[stream]
        if stamp < before.stamp:
            return False
        if stamp == before.stamp:
            self._again[stream] += 1
            if self._again[stream] <= before.pieces:
                return False
        self._mark.move(stream, stamp, piece)
        return True
