"""Brings events to targets, at least once: tries again, gives up to a dead-letter queue."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from localaws.events import inputs, queues, retries, sending
from localaws.events.model import Delivery, Json, Rule, State
from localaws.faults.fault import Fault, Kind
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

_log = logging.getLogger(__name__)


class Courier:
    def __init__(self, world: World, state: State) -> None:
        self._world = world
        self._state = state
        self._held: dict[tuple[str, str], str] = {}  # what the next to the same target overtakes
        self._waits: set[asyncio.Task[None]] = set()

    async def deliver(self, rule: Rule, event: Json) -> None:
        """To all its targets, before it returns, unless a fault or a target says otherwise."""
        for target in list(rule.targets.values()):
            await self._send(rule, target, event)

    def resume(self) -> None:
        for delivery in self._state.waiting.values():
            self._begin(delivery)

    async def stop(self) -> None:
        for wait in self._waits:
            wait.cancel()
        await asyncio.gather(*self._waits, return_exceptions=True)

    async def _send(self, rule: Rule, target: Json, event: Json) -> None:
        faults = self._faults(rule, event)
        if "lost" in faults:
            return
        for _ in range(2 if "doubled" in faults else 1):
            delivery = self._delivery(rule, target, event)
            if fault := faults.get("late"):
                self._wait(delivery, fault.params["seconds"])
            elif fault := faults.get("reordered"):
                self._hold(delivery, fault.params["seconds"])
            else:
                await self._attempt(delivery)
                await self._overtaken(delivery)

    def _faults(self, rule: Rule, event: Json) -> dict[str, Fault]:
        """Those that act on this delivery, by what they do."""
        facts = {"source": event["source"], "detail_type": event["detail-type"], "rule": rule.name}
        acting = self._world.faults.all(Kind.EVENTS, **facts)
        return {fault.params["how"]: fault for fault in acting}

    def _delivery(self, rule: Rule, target: Json, event: Json) -> Delivery:
        now = self._world.clock.now()
        return Delivery(uuid.uuid4().hex, rule.name, target, event, born=now, due=now)

    async def _attempt(self, delivery: Delivery) -> None:
        """A rule that was deleted on the way takes its deliveries with it."""
        rule = self._state.rules.get(delivery.rule)
        if rule is None:
            return
        delivery.attempts += 1
        target, event = delivery.target, delivery.event
        received = delivery.born.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = inputs.text(target, event, rule, received)
        try:
            await sending.send(self._world, target, text, event, rule)
        except AwsError as error:
            await self._failed(delivery, rule, error)

    async def _failed(self, delivery: Delivery, rule: Rule, error: AwsError) -> None:
        condition = None
        if retries.worth_another(error):
            condition = retries.exhausted(delivery, self._world.clock.now())
            if condition is None:
                self._wait(delivery, retries.pause(delivery.attempts).total_seconds())
                return
        _log.warning("rule %s: %s got no event: %s", rule.name, delivery.target["Arn"], error)
        if queue := delivery.target.get("DeadLetterConfig", {}).get("Arn"):
            record = retries.record(delivery, rule, error, condition)
            await self._bury(queue, delivery, record, sending.facts(self._world, rule))

    async def _bury(
        self, queue: str, delivery: Delivery, record: Json, sender: dict[str, str]
    ) -> None:
        body = json.dumps(delivery.event)
        try:
            await queues.put(self._world, queue, body, attributes=record, sender=sender)
        except AwsError as error:
            _log.warning("dead-letter queue %s took no event: %s", queue, error)

    def _wait(self, delivery: Delivery, seconds: float) -> None:
        delivery.due = self._world.clock.now() + timedelta(seconds=seconds)
        self._state.waiting[delivery.id] = delivery
        self._begin(delivery)

    def _hold(self, delivery: Delivery, seconds: float) -> None:
        """Until the next one has overtaken it; if none comes, for so long."""
        self._held[delivery.rule, delivery.target["Id"]] = delivery.id
        self._wait(delivery, seconds)

    async def _overtaken(self, by: Delivery) -> None:
        held = self._held.pop((by.rule, by.target["Id"]), "")
        if delivery := self._state.waiting.pop(held, None):
            await self._attempt(delivery)

    def _begin(self, delivery: Delivery) -> None:
        wait = asyncio.get_running_loop().create_task(self._when_due(delivery))
        self._waits.add(wait)
        wait.add_done_callback(self._waits.discard)

    async def _when_due(self, delivery: Delivery) -> None:
        clock = self._world.clock
        await clock.sleep((delivery.due - clock.now()).total_seconds())
        if self._state.waiting.pop(delivery.id, None):
            await self._attempt(delivery)
