"""The faults there are, and whom each concerns."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from localaws.clock import Clock
from localaws.faults.asked import Asked
from localaws.faults.fault import Fault, Kind
from localaws.faults.kinds import KINDS


@dataclass
class State:
    begun: dict[str, Fault] = field(default_factory=dict)  # by id


class Faults:
    def __init__(self, clock: Clock, dice: random.Random | None = None) -> None:
        self._clock = clock
        self._dice = dice or random.Random()  # noqa: S311 (nobody must not guess it)
        self.state = State()
        self.listeners: list[Callable[[], None]] = []  # told when one began, ended or struck
        # since when the status checks of an EC2 instance fail; read by other threads, never changed
        self.failed_checks: Mapping[str, datetime] = {}

    async def resume(self) -> None:
        """Faults act by the clock: there is nothing to begin."""

    def begin(self, asked: Asked) -> Fault:
        """From now on, or later if so asked."""
        since = self._clock.now() + asked.at
        fault = Fault(
            id=asked.id or uuid.uuid4().hex[:12],
            kind=asked.kind,
            since=since,
            match=asked.match,
            params={**KINDS[asked.kind].params, **asked.params},
            until=since + asked.lasting if asked.lasting is not None else None,
            probability=asked.probability,
            times=asked.times,
            lasts=KINDS[asked.kind].lasts,
        )
        self.state.begun[fault.id] = fault
        self.tell()
        return fault

    def replace(self, all_asked: Iterable[Asked]) -> None:
        self.end_all()
        for one in all_asked:
            self.begin(one)

    def end(self, fault_id: str) -> bool:
        """Whether there was one."""
        fault = self.state.begun.pop(fault_id, None)
        if fault:
            fault.withdrawn = True
            self.tell()
        return fault is not None

    def end_all(self) -> None:
        for fault_id in list(self.state.begun):
            self.end(fault_id)

    def begun(self) -> list[Fault]:
        """Those that are not over; some may be yet to come."""
        now = self._clock.now()
        for fault in [one for one in self.state.begun.values() if one.over(now)]:
            del self.state.begun[fault.id]
        return list(self.state.begun.values())

    def acting(self) -> list[Fault]:
        return [one for one in self.begun() if one.since <= self._clock.now()]

    def to_come(self) -> list[Fault]:
        return [one for one in self.begun() if one.since > self._clock.now()]

    def first(self, kind: Kind, **facts: str) -> Fault | None:
        """The oldest of a kind that acts on this, which counts as a hit.

        It concerns this if every pattern it has matches its fact; a fact that is not given
        matches only what an empty one would.
        """
        return next(self.all(kind, **facts), None)

    def all(self, kind: Kind, **facts: str) -> Iterator[Fault]:
        """As `first`; each counts as it is taken."""
        for fault in self.concerning(kind, **facts):
            if self.hit(fault):
                yield fault

    def hit(self, fault: Fault) -> bool:
        """It could act: whether it does is its chance, and counts."""
        acts = fault.probability == 1 or self._dice.random() < fault.probability
        fault.hits += acts
        return acts

    def strikes(
        self, one: str, kinds: Collection[Kind], **facts: str
    ) -> list[tuple[Fault, datetime]]:
        """Faults that last and have struck it, and since when; it is struck by looking."""
        now, found = self._clock.now(), []
        for fault in [one for one in self.acting() if one.kind in kinds]:
            if one not in fault.struck and _concerns(fault, facts):
                hits = not fault.spent and self.hit(fault)
                fault.struck[one] = now if hits else None
                self.tell()
            if since := fault.struck.get(one):
                found.append((fault, since))
        return found

    def next_change(self) -> datetime | None:
        """When one begins or ends by itself."""
        now = self._clock.now()
        times = [time for one in self.begun() for time in (one.since, one.until) if time]
        return min((time for time in times if time > now), default=None)

    def tell(self) -> None:
        for listener in self.listeners:
            listener()

    def concerning(self, kind: Kind, **facts: str) -> list[Fault]:
        """Those that could act on this; looking is no hit."""
        if not self.state.begun:
            return []
        return [one for one in self.acting() if one.kind is kind and _concerns(one, facts)]


def _concerns(fault: Fault, facts: dict[str, str]) -> bool:
    return all(fnmatchcase(facts.get(name, ""), it) for name, it in fault.match.items())
