"""`python -m tests.e2e.crashing.nursery`: forks worker processes that have all they import.

A line of standard input is an order for one worker: {"order", "settings", "errand", "output"}.
Answers are lines too: {"order", "pid"} when it began, {"pid", "status"} when it ended (negative:
by that signal). At the end of standard input no worker is left.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import celery.apps.worker
import celery.bin.worker
import celery.concurrency.thread
import celery.worker.consumer  # noqa: F401 - these four are loaded late by celery itself
import kombu.transport.memory  # noqa: F401 - as is this one

import workers.main
from app.config import Settings
from app.db import engine
from app.gateways.aws import Aws
from palatine import logs
from tests.e2e.crashing.calls import Calls

_alive: set[int] = set()


def main() -> None:
    _warm_up()
    signal.signal(signal.SIGCHLD, _reap)  # interrupts no read: Python goes on with it
    try:
        for line in sys.stdin:
            _bear(json.loads(line))
    finally:
        for pid in list(_alive):
            os.kill(pid, signal.SIGKILL)


def _warm_up() -> None:
    """Have loaded what libraries load late. Connects to nothing and starts no thread."""
    here = Aws(region="us-east-1", endpoint_url="http://127.0.0.1:1")
    here.client("sqs")
    nothing = engine.connect("postgresql://127.0.0.1:1/")
    with tempfile.TemporaryDirectory() as home:
        workers.main.context(Settings(home=Path(home)), nothing, here)
    gc.freeze()  # what is shared stays shared: no collection in a child touches it


def _bear(order: dict[str, Any]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # an end is told after its begin
    pid = os.fork()
    if pid == 0:
        try:
            _work(order)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)
    _alive.add(pid)
    _say({"order": order["order"], "pid": pid})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _work(order: dict[str, Any]) -> None:
    """What `palatine worker` does, with its calls watched."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    _redirect(order["output"])
    logs.to_terminal("info")
    Calls(Path(order["errand"])).watch()
    workers.main.run(Settings(**order["settings"]))
    os._exit(0)


def _redirect(output: str) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _reap(_signal: int, _frame: FrameType | None) -> None:
    while _alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        _alive.discard(pid)
        _say({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


def _say(answer: dict[str, Any]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")  # print is not made for signal handlers


if __name__ == "__main__":
    main()
