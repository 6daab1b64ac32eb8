"""An operation as it runs: the stack it works on, and what may interrupt it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.exports import Exports
from localaws.cloudformation.news import News
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.stack import Revision, Stack
from localaws.faults.fault import Fault, Kind
from localaws.world import World

STABLE_WITHIN_SECONDS = 3 * 3600.0  # then CloudFormation gives up


class Interrupted(Exception):
    """Whoever waited need not any longer: the operation is to end."""


class Timeout(Exception):
    """It did not become stable."""


@dataclass
class Run:
    world: World
    stack: Stack
    exports: Exports
    news: News
    undoing: bool = False  # it rolls back
    by: str = ""  # who interrupted it: failure, delete, cancel, timeout
    turn: AsyncExitStack = field(default_factory=AsyncExitStack)  # to work: closed, another's
    _interrupted: asyncio.Event = field(default_factory=asyncio.Event)

    def interrupt(self, by: str = "failure") -> None:
        self.by = self.by or by
        self._interrupted.set()

    def calm(self) -> None:
        """What was interrupted has ended; what follows runs undisturbed."""
        self.by = ""
        self._interrupted.clear()

    def enter(self, status: str, reason: str = "") -> None:
        self.stack.enter(self.world.clock.now(), status, reason)
        self.news.stack_changed(self.stack)

    def record(self, resource: Resource, status: str, reason: str = "") -> None:
        self.stack.record(self.world.clock.now(), resource, status, reason)
        self.news.resource_changed(self.stack, resource, status, reason)

    def evaluation(self, revision: Revision) -> Evaluation:
        stack = self.stack
        return Evaluation(self.world, stack, revision, stack.resources, self.exports.value)

    @property
    def express(self) -> bool:
        return self.stack.doing is not None and self.stack.doing.express

    @property
    def keeps_what_failed(self) -> bool:
        return self.stack.doing is not None and self.stack.doing.on_failure == "DO_NOTHING"

    def keeps(self, resource: Resource, *, as_created: bool) -> bool:
        """Whether its deletion policy lets it be; `as_created`: what rolls back has made it."""
        policy, doing = resource.deletion_policy, self.stack.doing
        if as_created and doing is not None and doing.retains_only_older:
            return False
        return policy == "Retain" or (policy == "RetainExceptOnCreate" and not as_created)

    def fault(self, resource: Resource, verb: str) -> Fault | None:
        during = "rollback" if self.undoing else verb
        facts = {"stack": self.stack.name, "resource": resource.logical_id, "during": during}
        return self.world.faults.first(Kind.STACK, **facts)

    async def pause(self, seconds: float) -> None:
        """Raises Interrupted."""
        if seconds > self.world.stack_resource_seconds:
            await self.turn.aclose()
        await self._unless_interrupted(self.world.clock.sleep(seconds))

    async def within(self, work: Awaitable[None], seconds: float) -> None:
        """Raises Interrupted, Timeout or what the work raises. Whoever waits lets others work."""
        doing = asyncio.ensure_future(work)
        try:
            await asyncio.sleep(0)  # most resources are stable as soon as they exist
            if self._interrupted.is_set():
                raise Interrupted
            if not doing.done():
                await self.turn.aclose()
                await self._patiently(doing, seconds)
            doing.result()
        finally:
            await _ended(doing)

    async def _patiently(self, doing: asyncio.Future[None], seconds: float) -> None:
        patience = asyncio.ensure_future(self.world.clock.sleep(seconds))
        try:
            await self._unless_interrupted(_either(doing, patience))
            if not doing.done():
                raise Timeout
        finally:
            await _ended(patience)

    async def _unless_interrupted(self, work: Awaitable[Any]) -> None:
        doing = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._interrupted.wait())
        try:
            await _either(doing, stopped)
            if stopped.done():
                raise Interrupted
            doing.result()
        finally:
            await _ended(doing, stopped)


async def _either(*those: asyncio.Future[Any]) -> None:
    await asyncio.wait(those, return_when=asyncio.FIRST_COMPLETED)


async def _ended(*those: asyncio.Future[Any]) -> None:
    for each in those:
        each.cancel()
    await asyncio.gather(*those, return_exceptions=True)
