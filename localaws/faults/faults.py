"""The faults that act now, and whom each concerns."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from localaws.clock import Clock
from localaws.faults.fault import KINDS, Fault, Kind


class Faults:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[str, Fault] = {}

    def begin(
        self,
        kind: Kind,
        match: Mapping[str, str],
        params: Mapping[str, Any],
        seconds: float | None = None,
    ) -> Fault:
        """Acts from now on, for so many seconds or until it is ended."""
        now = self._clock.now()
        until = now + timedelta(seconds=seconds) if seconds is not None else None
        filled = {**KINDS[kind].params, **params}
        fault = Fault(uuid.uuid4().hex[:12], kind, now, match, filled, until)
        self._begun[fault.id] = fault
        return fault

    def end(self, fault_id: str) -> bool:
        """Whether there was one."""
        return self._begun.pop(fault_id, None) is not None

    def end_all(self) -> None:
        self._begun.clear()

    def acting(self) -> list[Fault]:
        now = self._clock.now()
        return [one for one in self._begun.values() if one.until is None or now < one.until]

    def first(self, kind: Kind, **facts: str) -> Fault | None:
        """The oldest of a kind that concerns this: every pattern it has matches its fact.

        A fact that is not given matches only what an empty one would.
        """
        return next(self._all(kind, facts), None)

    def _all(self, kind: Kind, facts: Mapping[str, str]) -> Iterator[Fault]:
        for fault in self.acting():
            if fault.kind is kind and _concerns(fault, facts):
                yield fault


def _concerns(fault: Fault, facts: Mapping[str, str]) -> bool:
    return all(fnmatchcase(facts.get(name, ""), it) for name, it in fault.match.items())
