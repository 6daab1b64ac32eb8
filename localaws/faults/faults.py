"""The faults that act now, and whom each concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from localaws.clock import Clock
from localaws.faults.fault import Fault, Kind

Changed = Callable[[], None]


class Faults:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._acting: dict[str, Fault] = {}
        self._changed: list[Changed] = []

    def first(self, kind: Kind, **facts: str) -> Fault | None:
        """The oldest of a kind that concerns this: every pattern it has matches its fact.

        A fact that is not given matches no pattern of its name.
        """
        return next(self.all(kind, **facts), None)

    def all(self, kind: Kind, **facts: str) -> Iterator[Fault]:
        now = self._clock.now()
        for fault in self._acting.values():
            acts = fault.kind is kind and (fault.until is None or now < fault.until)
            if acts and _concerns(fault, facts):
                yield fault

    def subscribe(self, changed: Changed) -> None:
        """`changed` is called after faults began or ended."""
        self._changed.append(changed)


def _concerns(fault: Fault, facts: Mapping[str, str]) -> bool:
    return all(fnmatchcase(facts.get(name, ""), it) for name, it in fault.match.items())
