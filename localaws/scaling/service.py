"""The service put together: its state, what it watches as time goes on, and the API in front."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from localaws.scaling import activities, evaluation, keys, policies, scheduled, tags, targets
from localaws.scaling.evaluation import EVERY_SECONDS
from localaws.scaling.model import State
from localaws.wire import constraints
from localaws.wire.answer import Answer
from localaws.wire.request import Request
from localaws.world import Operation

if TYPE_CHECKING:
    from localaws.world import World

SETTLING_SECONDS = 1.0  # between two looks at what a service has made of its new count


class Scaling:
    def __init__(self, world: World, state: State | None = None) -> None:
        self._world = world
        self.state = state or State()
        self._asked = asyncio.Event()  # something was set that a service must follow
        self._scheduled = asyncio.Event()  # there is a new scheduled action
        self._told = asyncio.Event()  # there is new data: the minute is not awaited
        self._running = contextlib.AsyncExitStack()

    def operations(self) -> Mapping[str, Operation]:
        every: dict[str, Operation] = {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": partial(targets.describe, self.state),
            "DescribeScalingActivities": partial(activities.describe, self.state),
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": partial(policies.delete, self._world, self.state),
            "DescribeScalingPolicies": partial(policies.describe, self._world, self.state),
            "PutScheduledAction": self._schedule,
            "DescribeScheduledActions": partial(scheduled.describe, self.state),
            "DeleteScheduledAction": partial(scheduled.delete, self.state),
            "TagResource": partial(tags.add, self.state),
            "UntagResource": partial(tags.remove, self.state),
            "ListTagsForResource": partial(tags.list_, self.state),
        }
        return constraints.checked("application-autoscaling", every)

    async def start(self) -> None:
        for work in (self._settle(), self._watch(), self._keep_time()):
            self._running.push_async_callback(_end, asyncio.create_task(work))

    async def resume(self) -> None:
        """Activities that were not fulfilled are looked at again."""
        self._asked.set()
        self._scheduled.set()

    async def stop(self) -> None:
        await self._running.aclose()

    def look(self) -> None:
        """There is new data."""
        self._told.set()

    async def heard(self, request: Request, _: Answer) -> None:
        """What CloudWatch was asked for."""
        if "PutMetricData" in (request.target[1], request.form.get("Action")):
            self.look()

    async def _register(self, params: dict[str, Any]) -> dict[str, Any]:
        tags.checked(params.get("Tags", {}))
        try:
            return await targets.register(self._world, self.state, params)
        finally:
            self._asked.set()

    async def _deregister(self, params: dict[str, Any]) -> dict[str, Any]:
        """The count stays as it is."""
        key = keys.read(params)
        if self.state.targets.pop(key, None) is None:
            raise keys.no_target(key)
        scheduled.delete_all(self.state, key)
        await policies.delete_all(self._world, self.state, key)
        return {}

    def _schedule(self, params: dict[str, Any]) -> dict[str, Any]:
        made = scheduled.put(self._world, self.state, params)
        self._scheduled.set()
        return made

    async def _put_policy(self, params: dict[str, Any]) -> dict[str, Any]:
        made = await policies.put(self._world, self.state, params)
        self.look()
        return made

    async def _watch(self) -> None:
        """At every full minute, and when there is new data."""
        clock = self._world.clock
        while True:
            await evaluation.evaluate(self._world, self.state)
            self._asked.set()
            minute = clock.sleep(EVERY_SECONDS - clock.now().timestamp() % EVERY_SECONDS)
            await _first(minute, self._told.wait())
            self._told.clear()

    async def _keep_time(self) -> None:
        """What fell due while nothing ran is not made up for."""
        clock = self._world.clock
        looked = clock.now()
        while True:
            self._scheduled.clear()
            if coming := scheduled.coming(self.state, looked):
                pause = (coming - clock.now()).total_seconds()
                await _first(clock.sleep(pause), self._scheduled.wait())
            else:
                await self._scheduled.wait()
            since, looked = looked, clock.now()
            for one in scheduled.due(self.state, since, looked):
                await scheduled.carry_out(self._world, self.state, one)
                self._asked.set()

    async def _settle(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            while activities.unsettled(self.state):
                await activities.settle(self._world, self.state)
                await self._world.clock.sleep(SETTLING_SECONDS)


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Until the first of them is over; the others are cancelled."""
    waiting = [asyncio.ensure_future(one) for one in waits]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _end(loop: asyncio.Task[None]) -> None:
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
