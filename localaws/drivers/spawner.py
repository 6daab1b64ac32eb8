"""The one parent of all task processes: `python -I spawner.py FD`, standard library only.

It exists because PDEATHSIG follows the thread that forked and because somebody must outlive
the local AWS by a moment, even after SIGKILL. JSON lines over the socket FD:

    in   {"spawn": id, "argv": [...], "cwd": "...", "environment": {...}}   one descriptor sent
         ahead of it, for stdout and stderr
         {"signal": id, "number": 15}
    out  {"spawned": id, "pid": 1} | {"refused": id, "error": "...", "errno": 2}
         {"exited": id, "code": 143}

End of file on the socket means that nobody wants the tasks any more: all of them, with
everything they started, are killed.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LINUX = sys.platform == "linux"
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36
MARK = "PALATINE_CONTAINER_ID"
CHUNK = 65_536
DESCRIPTORS = 64
LAST_KILLS_SECONDS = 10.0


class Spawner:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.received = b""
        self.outputs: list[int] = []
        self.tasks: dict[int, str] = {}  # pid of the first process -> id
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.woken, self._wake = socket.socketpair()

    def run(self) -> None:
        _prctl(SET_CHILD_SUBREAPER, 1)
        self._hear_signals()
        while self._wanted():
            self._reap()
        self._kill_everything()

    def _hear_signals(self) -> None:
        """Handlers and not SIG_IGN, which the tasks would inherit."""
        self.woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.control.shutdown(socket.SHUT_RDWR))

    def _wanted(self) -> bool:
        ready, _, _ = select.select([self.control, self.woken], [], [], 1.0)
        if self.woken in ready:
            self._drain_wakes()
        return self.control not in ready or self._receive()

    def _drain_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.woken.recv(CHUNK):
                pass

    def _receive(self) -> bool:
        try:
            received, descriptors, _, _ = socket.recv_fds(self.control, CHUNK, DESCRIPTORS)
        except OSError:
            return False
        self.outputs += descriptors
        *lines, self.received = (self.received + received).split(b"\n")
        for line in lines:
            if line:
                self._obey(json.loads(line))
        return bool(received)

    def _obey(self, message: dict[str, Any]) -> None:
        if "spawn" in message:
            self._spawn(message)
        elif process := self.processes.get(message["signal"]):
            self._signal(process.pid, message["number"])

    def _spawn(self, message: dict[str, Any]) -> None:
        name, output = message["spawn"], self.outputs.pop(0)
        try:
            process = subprocess.Popen(
                message["argv"],
                cwd=message["cwd"],
                env={**message["environment"], MARK: name},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
        except (OSError, ValueError) as error:
            errno = getattr(error, "errno", None)
            self._say({"refused": name, "error": str(error), "errno": errno})
        else:
            self.tasks[process.pid], self.processes[name] = name, process
            self._say({"spawned": name, "pid": process.pid})
        finally:
            os.close(output)

    def _signal(self, pid: int, number: int) -> None:
        """SIGKILL takes the whole session; anything else is for the first process, as in Docker."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if number == signal.SIGKILL:
                os.killpg(pid, number)
            os.kill(pid, number)

    def _reap(self) -> None:
        ended = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            ended = True
            if pid in self.tasks:
                self._exited(pid, os.waitstatus_to_exitcode(status))
        if ended:
            self._kill_orphans()

    def _exited(self, pid: int, code: int) -> None:
        """What a container's first process leaves behind ends with it."""
        name = self.tasks.pop(pid)
        self.processes.pop(name).returncode = code  # it was reaped here, not by Popen
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        self._say({"exited": name, "code": code if code >= 0 else 128 - code})

    def _kill_orphans(self) -> None:
        """Whoever was handed to us as a subreaper and belongs to no task that still runs."""
        for pid in _children():
            if pid not in self.tasks and not self._belongs(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _belongs(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            if os.getsid(pid) in self.tasks:
                return True
            for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if entry.startswith(MARK.encode() + b"="):
                    return entry.partition(b"=")[2].decode() in self.processes
            return bool(self.tasks)  # it hid where it comes from: it ends with the last task
        return False

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # end of file is noticed by the reader
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def _kill_everything(self) -> None:
        """Again and again: what a killed process had started becomes our child."""
        until = time.monotonic() + LAST_KILLS_SECONDS
        while time.monotonic() < until:
            for pid in [*self.tasks, *_children()]:
                self._signal(pid, signal.SIGKILL)
            self._reap()
            if not self.tasks and not _children():
                return
            select.select([self.woken], [], [], 0.05)
            self._drain_wakes()


def _children() -> list[int]:
    if not LINUX:
        return []
    with contextlib.suppress(OSError):
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return [int(word) for word in text.split()]
    return []


def _die_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        _prctl(SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return prepare


def _prctl(option: int, value: int) -> None:
    if LINUX:
        LIBC.prctl(option, value, 0, 0, 0)


LIBC = ctypes.CDLL(None)

if __name__ == "__main__":
    Spawner(socket.socket(fileno=int(sys.argv[1]))).run()
