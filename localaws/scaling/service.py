"""The service put together: its state, what it watches as time goes on, and the API in front."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from localaws.scaling import activities, keys, tags, targets
from localaws.scaling.model import State
from localaws.world import Operation

if TYPE_CHECKING:
    from localaws.world import World

SETTLING_SECONDS = 1.0  # between two looks at what a service has made of its new count


class Scaling:
    def __init__(self, world: World, state: State | None = None) -> None:
        self._world = world
        self.state = state or State()
        self._asked = asyncio.Event()
        self._running = contextlib.AsyncExitStack()

    def operations(self) -> Mapping[str, Operation]:
        return {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": partial(targets.describe, self.state),
            "DescribeScalingActivities": partial(activities.describe, self.state),
            "TagResource": partial(tags.add, self.state),
            "UntagResource": partial(tags.remove, self.state),
            "ListTagsForResource": partial(tags.list_, self.state),
        }

    async def start(self) -> None:
        self._running.push_async_callback(_end, asyncio.create_task(self._settle()))

    async def resume(self) -> None:
        """Activities that were not fulfilled are looked at again."""
        self._asked.set()

    async def stop(self) -> None:
        await self._running.aclose()

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
        return {}

    async def _settle(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            while activities.unsettled(self.state):
                await activities.settle(self._world, self.state)
                await self._world.clock.sleep(SETTLING_SECONDS)


async def _end(loop: asyncio.Task[None]) -> None:
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
