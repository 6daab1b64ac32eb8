"""What a simulated container does: as a value, read from JSON, with nothing in it by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Health(StrEnum):
    HEALTHY = "healthy"  # 200 to a load balancer, 0 to a health check's command
    UNHEALTHY = "unhealthy"  # 503, and 1
    SILENT = "silent"  # no answer at all


class Unusable(ValueError):
    """The text says what of a script does not go."""


@dataclass(frozen=True)
class Script:
    """By default: there at once, healthy, runs until it is stopped, as a plain program would."""

    pull_seconds: float = 0
    pull_error: str | None = None
    start_seconds: float = 0
    start_error: str | None = None
    says: tuple[str, ...] = ()  # its output, all of it when it starts
    exits_after: float | None = None  # seconds; None: never by itself
    exit_code: int = 0
    out_of_memory: bool = False  # is how it ends by itself
    stops_after: float | None = 0  # seconds after SIGTERM; None: deaf to it
    stop_code: int = 143
    health: Health = Health.HEALTHY
    healthy_after: float = 0  # seconds; until then nothing listens
    healthy_for: float | None = None  # seconds; then it is unhealthy

    def health_at(self, age: float) -> Health | None:
        """None: nothing listens yet."""
        if age < self.healthy_after:
            return None
        if self.healthy_for is not None and age >= self.healthy_after + self.healthy_for:
            return Health.UNHEALTHY
        return self.health


def read(document: object, over: Script) -> Script:
    """`over` with what the document changes of it. Raises Unusable."""
    if not isinstance(document, Mapping):
        raise Unusable("A script is a JSON object.")
    if unknown := sorted(document.keys() - _READERS.keys()):
        raise Unusable(f"A script has no {unknown[0]}; it may have {', '.join(_READERS)}.")
    return replace(over, **{name: _READERS[name](name, it) for name, it in document.items()})


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise Unusable(f"{name} is in seconds, and not negative.")
    return float(value)


def _code(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        raise Unusable(f"{name} is from 0 to 255.")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Unusable(f"{name} is a text.")
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Unusable(f"{name} is a list of texts.")
    return tuple(_text(name, one) for one in value)


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Unusable(f"{name} is true or false.")
    return value


def _health(name: str, value: object) -> Health:
    if not isinstance(value, str) or value not in list(Health):
        raise Unusable(f"{name} is one of {', '.join(Health)}.")
    return Health(value)


def _or_null(reader: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    return lambda name, value: None if value is None else reader(name, value)


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    "pull_seconds": _seconds,
    "pull_error": _or_null(_text),
    "start_seconds": _seconds,
    "start_error": _or_null(_text),
    "says": _texts,
    "exits_after": _or_null(_seconds),
    "exit_code": _code,
    "out_of_memory": _truth,
    "stops_after": _or_null(_seconds),
    "stop_code": _code,
    "health": _health,
    "healthy_after": _seconds,
    "healthy_for": _or_null(_seconds),
}
