"""Child processes: started, awaited until they answer, and stopped as Ctrl-C stops them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from palatine import ports

_START_WITHIN = 60.0
_STOP_WITHIN = 30.0
_POLL_SECONDS = 0.01
_opener = build_opener(ProxyHandler({}))  # a proxy in the environment is not for loopback


@contextmanager
def python(*arguments: str, answers: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python ARGUMENTS`, from when GET `answers` is 200. `settings` are PALATINE_* variables."""
    child = subprocess.Popen(
        [sys.executable, *arguments],
        env=_environment(settings),
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # the terminal's Ctrl-C reaches us, and we stop it in order
    )
    try:
        _await(answers, child)
        yield child
    finally:
        _stop(child)


def get(url: str) -> bytes:
    with _opener.open(url, timeout=5) as answer:
        body: bytes = answer.read()
        return body


def free_port() -> int:
    with ports.bind("127.0.0.1", 0, "--port") as listener:
        return ports.number(listener)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without its settings: what is measured is what a command itself asks for."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PALATINE_")}
    return kept | {f"PALATINE_{name.upper()}": value for name, value in settings.items()}


def _await(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while not _answers(url):
        if child.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{child.args!r} did not start; what it said is above.")
        time.sleep(_POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        get(url)
    except HTTPError:
        return False  # it listens, but is not ready
    except OSError:
        return False
    return True


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        child.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise SystemExit(f"{child.args!r} did not stop within {_STOP_WITHIN:.0f} s.") from None
