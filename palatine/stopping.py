"""The wish to stop, as the threads of `palatine up` see it: asked once, or again in a hurry."""

import signal
import threading
from collections.abc import Callable
from types import FrameType


class Stopped(BaseException):
    """Stopping was asked for while something waited; not an error."""


class Stopping:
    def __init__(self) -> None:
        self._asked = threading.Event()
        self._hurry = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self.why: str | None = None  # a sentence, when it was not the user who asked

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    @property
    def hurry(self) -> bool:
        return self._hurry.is_set()

    def ask(self, why: str | None = None) -> None:
        """The first who asks gives the reason. Short: this runs in signal handlers too."""
        if not self.asked:
            self.why = why
            self._asked.set()
            self._tell()

    def insist(self) -> None:
        self._hurry.set()
        self._tell()

    def tell(self, listener: Callable[[], None]) -> None:
        """Call this whenever stopping is asked for; at once, if it was already."""
        self._listeners.append(listener)
        if self.asked:
            listener()

    def pause(self, seconds: float) -> None:
        """Wait that long, unless asked to stop: then raise `Stopped`."""
        if self._asked.wait(seconds):
            raise Stopped

    def on_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP ask for a stop, from now until the process ends."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._signalled)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            self.insist()
        else:
            self.ask()

    def _tell(self) -> None:
        for told in self._listeners:
            told()
