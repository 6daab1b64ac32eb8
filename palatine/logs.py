"""Where our own process writes its log: a file under `palatine up`, the terminal otherwise."""

import logging
from pathlib import Path

import structlog

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
# at level debug these write down whole requests and answers: config vars, and tokens for registries
_TELL_ALL = ("boto3", "botocore", "httpcore2", "httpx2", "urllib3")


def to_file(path: Path, level: str) -> None:
    _configure(logging.FileHandler(path), level)


def to_terminal(level: str) -> None:
    _configure(logging.StreamHandler(), level)


def _configure(handler: logging.Handler, level: str) -> None:
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TELL_ALL:
        logging.getLogger(name).setLevel(max(root.level, logging.INFO))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
