"""Parts that start side by side, in threads, and stop in the opposite order, once each."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

from palatine.stopping import Stopped, Stopping
from palatine.trouble import last_lines

_WATCH_SECONDS = 0.25
_POLL_SECONDS = 0.05


class Part(Protocol):
    def stop(self, stopping: Stopping | None = None, /) -> None: ...


class Process(Part, Protocol):
    @property
    def alive(self) -> bool: ...


P = TypeVar("P", bound=Part)
T = TypeVar("T")


class Parts:
    """Use as a context: at its end every part that started, or still starts, has been stopped."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="part")
        self._stack = ExitStack()

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.ask()  # what still starts gives up
        self._stack.close()
        self._threads.shutdown()

    def start(self, function: Callable[[], P]) -> "Future[P]":
        future = self._threads.submit(function)
        self._stack.callback(self._stop, future)
        return future

    def do(self, function: Callable[[], T]) -> "Future[T]":
        """Something to be done meanwhile, which leaves nothing to stop."""
        return self._threads.submit(function)

    def wait(self, *futures: "Future[Any]") -> None:
        """Until all are done; the first that failed raises here, and so does a wish to stop."""
        waiting: set[Future[Any]] = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            if self._stopping.asked:
                raise Stopped

    def watch(self, name: str, process: Process, log: Path) -> None:
        """Ask for a stop, with the reason, when this process ends by itself."""
        self._threads.submit(self._watch, name, process, log)

    def _watch(self, name: str, process: Process, log: Path) -> None:
        while process.alive:
            self._stopping.pause(_WATCH_SECONDS)
        if not self._stopping.asked:
            self._stopping.ask(f"{name} has ended unexpectedly:{last_lines(log)}")

    def _stop(self, future: "Future[P]") -> None:
        try:
            part = future.result()
        except BaseException:
            return
        part.stop(self._stopping)
