"""Stand before a gateway: write its calls down, and kill the worker at one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The worker's process is gone. No `except Exception` may catch it."""


class Watch:
    """Shared by all gateways of a platform. `kills`: by the call's number, before or after it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.kills: dict[int, str] = {}
        self.before: Callable[[str], None] = lambda name: None

    def over(self, target: object) -> Any:  # noqa: ANN401
        return _Watched(target, self)

    def changes(self) -> list[str]:
        return [name for name in self.calls if name not in _READS]


_READS = {"describe", "services", "tasks", "registered", "resolve"}


class _Watched:
    def __init__(self, target: object, watch: Watch) -> None:
        self._target = target
        self._watch = watch

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401
            number = len(self._watch.calls)
            self._watch.calls.append(name)
            self._watch.before(name)
            if self._watch.kills.get(number) == "before":
                raise Killed(f"before {name}")
            answer = getattr(self._target, name)(*args, **named)
            if self._watch.kills.get(number) == "after":
                raise Killed(f"after {name}")
            return answer

        return call
