"""The local AWS's side of the spawner: start it, ask it for processes, hear how they end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SPAWNER = Path(__file__).with_name("spawner.py")
CHUNK = 65_536
FAREWELL_SECONDS = 15


class SpawnFailed(OSError):
    """The operating system refused to execute it."""


class Children:
    def __init__(self) -> None:
        self._started: dict[str, asyncio.Future[int]] = {}
        self._exits: dict[str, asyncio.Future[int]] = {}
        self._pids: dict[str, int] = {}
        self._sending = asyncio.Lock()

    async def start(self) -> None:
        """Again, should the spawner have died."""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._spawner = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SPAWNER), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal is not for it
        )
        theirs.close()
        self._hearing = asyncio.create_task(self._hear())

    async def stop(self) -> None:
        """The end of what we say is the order to kill everything; how each ended is still heard."""
        with contextlib.suppress(OSError):  # it is gone
            self._socket.shutdown(socket.SHUT_WR)
        await asyncio.wait([self._hearing], timeout=FAREWELL_SECONDS)
        self._hearing.cancel()
        self._socket.close()
        await asyncio.to_thread(self._spawner.wait, FAREWELL_SECONDS)

    async def spawn(
        self,
        name: str,
        argv: Sequence[str],
        *,
        cwd: str,
        environment: Mapping[str, str],
        output: int,
    ) -> asyncio.Future[int]:
        """The exit code to come; `output` is a descriptor, sent and not closed."""
        if self._hearing.done():
            await self._restart()
        loop = asyncio.get_running_loop()
        started = self._started[name] = loop.create_future()
        exited = self._exits[name] = loop.create_future()
        message = {"spawn": name, "argv": list(argv), "cwd": cwd, "environment": dict(environment)}
        try:
            await self._send(message, output)
            self._pids[name] = await started
        except BaseException:
            self._exits.pop(name, None)
            raise
        finally:
            self._started.pop(name, None)
        return exited

    async def signal(self, name: str, number: int) -> None:
        if name in self._exits:
            with contextlib.suppress(OSError):  # the spawner is gone, and so are its children
                await self._send({"signal": name, "number": number})

    async def _restart(self) -> None:
        async with self._sending:
            if self._hearing.done():
                self._socket.close()
                await asyncio.to_thread(self._spawner.wait, FAREWELL_SECONDS)
                await self.start()

    async def _send(self, message: dict[str, Any], descriptor: int | None = None) -> None:
        loop = asyncio.get_running_loop()
        async with self._sending:
            if descriptor is not None:
                await self._send_descriptor(descriptor)
            await loop.sock_sendall(self._socket, json.dumps(message).encode() + b"\n")

    async def _send_descriptor(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(100):
            try:
                socket.send_fds(self._socket, [b"\n"], [descriptor])
            except BlockingIOError:
                await loop.sock_sendall(self._socket, b"\n")  # waits until there is room
            else:
                return
        raise SpawnFailed("the spawner does not listen")

    async def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        pending = b""
        with contextlib.suppress(OSError):
            while received := await loop.sock_recv(self._socket, CHUNK):
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    self._heard(json.loads(line))
        self._spawner_died()

    def _heard(self, message: dict[str, Any]) -> None:
        if name := message.get("spawned"):
            _settle(self._started.get(name), message["pid"])
        elif name := message.get("refused"):
            error = SpawnFailed(message["errno"], message["error"])
            _settle(self._started.get(name), error)
        elif name := message.get("exited"):
            self._pids.pop(name, None)
            _settle(self._exits.pop(name, None), message["code"])

    def _spawner_died(self) -> None:
        """First processes died with it (PDEATHSIG); what they started dies here."""
        for name, exited in list(self._exits.items()):
            with contextlib.suppress(KeyError, ProcessLookupError, PermissionError):
                os.killpg(self._pids[name], signal.SIGKILL)
            _settle(exited, 128 + signal.SIGKILL)
        for started in self._started.values():
            _settle(started, SpawnFailed("the spawner is gone"))
        self._exits.clear()


def _settle(future: asyncio.Future[int] | None, outcome: int | Exception) -> None:
    if future is None or future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
