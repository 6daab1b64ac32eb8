"""Where our own process writes its log: a file under `palatine up`, the terminal otherwise."""

import logging
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def to_file(path: Path, level: str) -> None:
    _configure(logging.FileHandler(path), level)


def to_terminal(level: str) -> None:
    _configure(logging.StreamHandler(), level)


def _configure(handler: logging.Handler, level: str) -> None:
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
