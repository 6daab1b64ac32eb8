"""Reads that answer as things were: replicas of services, which follow them a while behind.

Only services of ours have replicas. A write sees the truth.
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from localaws.clock import Clock
from localaws.faults.fault import Fault, Kind
from localaws.faults.faults import Faults
from localaws.wire.answer import Perform
from localaws.wire.called import Called

if TYPE_CHECKING:
    from localaws.world import Operation, Service

LOOKS = 8  # in the time by which reads are late


@dataclass
class Replica:
    service: Service
    twin: Service  # never started: it only answers
    operations: Mapping[str, Operation]
    looks: deque[tuple[datetime, bytes]] = field(default_factory=deque)  # oldest first
    shown: bytes = b""

    async def perform(self, _: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        result = self.operations[operation](params)
        return dict(await result if inspect.isawaitable(result) else result)

    def look(self, now: datetime, keep: timedelta) -> None:
        self.looks.append((now, pickle.dumps(self.service.state)))
        while len(self.looks) > 1 and self.looks[1][0] <= now - keep:
            self.looks.popleft()

    def turn_to(self, time: datetime) -> None:
        """The newest look that is not younger, or the oldest there is."""
        older = [look for at, look in self.looks if at <= time]
        wanted = older[-1] if older else self.looks[0][1]
        if wanted is not self.shown:
            vars(self.twin.state).clear()
            vars(self.twin.state).update(vars(pickle.loads(wanted)))  # noqa: S301 (our own)
            self.shown = wanted


class StaleReads:
    def __init__(
        self,
        faults: Faults,
        clock: Clock,
        services: Mapping[str, Service],
        twin: Callable[[Service], Service],
    ) -> None:
        """`services` by boto3's names; `twin` makes one like it."""
        self._faults, self._clock, self._services, self._twin = faults, clock, services, twin
        self._replicas: dict[str, Replica] = {}
        self._following: dict[str, asyncio.Task[None]] = {}

    def performer(self, called: Called) -> Perform | None:
        """Who answers in place of the service. To be asked before each request is performed."""
        if called.service not in self._services or not self._behind(called.service):
            return None
        replica = self._follow(called.service)
        facts = {"service": called.service, "operation": called.operation}
        fault = self._faults.first(Kind.STALE_READS, **facts) if called.reads else None
        if fault is None or called.operation not in replica.operations:
            return None
        replica.turn_to(self._clock.now() - _seconds(fault))
        return replica.perform

    def _follow(self, name: str) -> Replica:
        if name not in self._replicas:
            twin = self._twin(self._services[name])
            self._replicas[name] = Replica(self._services[name], twin, twin.operations())
            self._replicas[name].look(self._clock.now(), timedelta())
            self._following[name] = asyncio.create_task(self._keep_up(name))
        return self._replicas[name]

    async def _keep_up(self, name: str) -> None:
        """For as long as a fault wants it."""
        try:
            while faults := self._behind(name):
                late = [_seconds(fault) for fault in faults]
                await self._clock.sleep(min(late).total_seconds() / LOOKS)
                self._replicas[name].look(self._clock.now(), max(late))
        finally:
            del self._replicas[name], self._following[name]

    def _behind(self, service: str) -> list[Fault]:
        return [
            fault
            for fault in self._faults.acting()
            if fault.kind is Kind.STALE_READS
            and fnmatchcase(service, fault.match.get("service", "*"))
        ]


def _seconds(fault: Fault) -> timedelta:
    return timedelta(seconds=fault.params["seconds"])
