"""Stands before the local AWS and notes when each call arrives; bytes pass as they are.

The way through it is part of what is measured: a fraction of a millisecond a call.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

# JSON services name the operation in a header, the query services in the body
_OPERATION = re.compile(rb"(?i:\r\nx-amz-target: *[\w.]+\.)(\w+)|(?:^|[\n&])Action=(\w+)")
_LISTENING = frozenset({"ReceiveMessage", "DeleteMessage", "DeleteMessageBatch"})
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Call:
    operation: str
    at: float  # by time.monotonic()


class Recorder:
    """A context; `url` is where AWS answers through it."""

    def __init__(self, aws_port: int, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.calls: list[Call] = []  # but those that only listen for events
        self._aws_port = aws_port
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._listens = threading.Event()

    def __enter__(self) -> Recorder:
        self._thread.start()
        self._listens.wait()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def since(self, moment: float) -> list[Call]:
        return [call for call in self.calls if call.at >= moment]

    def first(self, operation: str, *, since: float, within: float = 10) -> Call:
        """The first such call since that moment, waited for."""
        while time.monotonic() < since + within:
            for call in self.since(since):
                if call.operation == operation:
                    return call
            time.sleep(0.005)
        raise SystemExit(f"There was no {operation} within {within} s.")

    def quiet(self, seconds: float, *, within: float = 30) -> None:
        """Wait until nothing has been called for that long."""
        deadline = time.monotonic() + within
        while self.since(time.monotonic() - seconds):
            if time.monotonic() > deadline:
                raise SystemExit(f"AWS was still called after {within} s.")
            time.sleep(0.01)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        passing: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._pass(reader, writer))
            passing.add(task)
            task.add_done_callback(passing.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", self._port)
        self._listens.set()
        await self._ended.wait()
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    async def _pass(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        aws, calls = await asyncio.open_connection("127.0.0.1", self._aws_port)
        try:
            await asyncio.gather(self._pump(client, calls, noted=True), self._pump(aws, answers))
        finally:
            calls.close()
            answers.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, noted: bool = False
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(_CHUNK):
                if noted:
                    self._note(chunk)
                sink.write(chunk)
                await sink.drain()
        sink.close()

    def _note(self, chunk: bytes) -> None:
        now = time.monotonic()
        for match in _OPERATION.finditer(chunk):
            operation = (match[1] or match[2]).decode()
            if operation not in _LISTENING:
                self.calls.append(Call(operation, now))
