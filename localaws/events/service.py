"""EventBridge put together: rules, what comes in, what goes out, and what is due by the clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from localaws import schedules
from localaws.events import entries, patterns, rules, targets
from localaws.events.courier import Courier
from localaws.events.model import Json, Rule, State
from localaws.wire import constraints
from localaws.world import Operation

if TYPE_CHECKING:
    from localaws.world import World

_RULES = {
    "DescribeRule": rules.describe,
    "ListRules": rules.list_,
    "ListRuleNamesByTarget": rules.list_names_by_target,
    "TagResource": rules.tag,
    "UntagResource": rules.untag,
    "ListTagsForResource": rules.list_tags,
    "PutTargets": targets.put,
    "ListTargetsByRule": targets.list_,
    "RemoveTargets": targets.remove,
}
_SCHEDULING = {
    "PutRule": rules.put,
    "EnableRule": rules.enable,
    "DisableRule": rules.disable,
    "DeleteRule": rules.delete,
}


class Events:
    def __init__(self, world: World, state: State | None = None) -> None:
        self._world = world
        self.state = state or State()
        self._courier = Courier(world, self.state)
        self._rules_changed = asyncio.Event()
        self._running = contextlib.AsyncExitStack()

    def operations(self) -> Mapping[str, Operation]:
        simple: dict[str, Operation] = {
            name: partial(operation, self._world, self.state) for name, operation in _RULES.items()
        }
        scheduling: dict[str, Operation] = {
            name: partial(self._schedule, operation) for name, operation in _SCHEDULING.items()
        }
        every: dict[str, Operation] = {
            **simple,
            **scheduling,
            "PutEvents": self.put_events,
            "TestEventPattern": entries.tried,
            "DescribeEventBus": self._describe_bus,
            "ListEventBuses": lambda _: {"EventBuses": [self._bus()]},
        }
        return constraints.checked("events", every)

    async def start(self) -> None:
        self._running.push_async_callback(self._courier.stop)
        self._running.push_async_callback(_end, asyncio.create_task(self._watch()))

    async def resume(self) -> None:
        """What was on its way goes on; schedules that fell due meanwhile are not made up for."""
        self._courier.resume()
        self._rules_changed.set()

    async def stop(self) -> None:
        await self._running.aclose()

    async def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        *,
        at: datetime | None = None,
    ) -> str:
        """Delivers to every rule that matches, before it returns; the event's id.

        A target that cannot be reached is tried again later; that is logged, never raised.
        """
        event = entries.envelope(self._world, source, detail_type, detail, resources, at)
        for rule in list(self.state.rules.values()):
            if rule.enabled and _matches(rule, event):
                await self._courier.deliver(rule, event)
        return str(event["id"])

    async def put_events(self, params: Json) -> Json:
        """One for a bus that is not there is taken, and goes nowhere."""
        entries.check(params["Entries"])
        answered = [await self._put(entry) for entry in params["Entries"]]
        refused = sum("ErrorCode" in entry for entry in answered)
        return {"Entries": answered, "FailedEntryCount": refused}

    async def _put(self, entry: Json) -> Json:
        if refused := entries.refusal(entry):
            return refused
        detail = entries.detail(entry)
        given = (entry["Source"], entry["DetailType"], detail, entry.get("Resources", ()))
        if entry.get("EventBusName") in (None, rules.BUS, rules.bus_arn(self._world)):
            return {"EventId": await self.emit(*given, at=entry.get("Time"))}
        return {"EventId": entries.envelope(self._world, *given, None)["id"]}

    def _schedule(self, operation: Callable[[World, State, Json], Json], params: Json) -> Json:
        answer = operation(self._world, self.state, params)
        self._rules_changed.set()
        return answer

    async def _watch(self) -> None:
        """Fires what is due; sleeps until the next is, or until a rule changes."""
        clock = self._world.clock
        looked = clock.now()
        while True:
            self._rules_changed.clear()
            due = {rule.name: _next(rule, looked) for rule in self.state.rules.values()}
            coming = [when for when in due.values() if when]
            if coming:
                await self._until(min(coming))
            else:
                await self._rules_changed.wait()
            looked = clock.now()
            for name, when in due.items():
                if when and when <= looked and (rule := self.state.rules.get(name)):
                    await self._fire(rule, when)

    async def _until(self, when: datetime) -> None:
        clock = self._world.clock
        waits = [
            asyncio.ensure_future(clock.sleep((when - clock.now()).total_seconds())),
            asyncio.ensure_future(self._rules_changed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _fire(self, rule: Rule, when: datetime) -> None:
        if rule.enabled:
            kind = ("aws.events", "Scheduled Event")
            event = entries.envelope(self._world, *kind, {}, [rule.arn], when)
            await self._courier.deliver(rule, event)

    def _describe_bus(self, params: Json) -> Json:
        rules.check_bus(self._world, params.get("Name"))
        return self._bus()

    def _bus(self) -> Json:
        return {"Name": rules.BUS, "Arn": rules.bus_arn(self._world)}


def _matches(rule: Rule, event: Json) -> bool:
    return rule.pattern is not None and patterns.matches(patterns.compiled(rule.pattern), event)


def _next(rule: Rule, looked: datetime) -> datetime | None:
    if not rule.schedule or not rule.enabled:
        return None
    return schedules.read(rule.schedule).next(rule.begun, max(looked, rule.begun))


async def _end(loop: asyncio.Task[None]) -> None:
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
