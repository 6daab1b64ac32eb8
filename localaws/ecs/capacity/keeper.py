"""Looks after the groups of capacity providers: when something has changed, and every minute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

from localaws.ecs.capacity import associations, demand, groups, protecting
from localaws.ecs.capacity.draining import Draining
from localaws.ecs.capacity.provider import CapacityProvider
from localaws.ecs.capacity.scaling import Scaling
from localaws.ecs.capacity.waiting import Waiting
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.model import Cluster, State
from localaws.ecs.needs import World
from localaws.wire import AwsError

log = logging.getLogger(__name__)
EVERY_SECONDS = 60.0
BEYOND_SECONDS = 0.05  # a clock that is read a little before the minute would have two of it
GATHER_SECONDS = 0.2  # many changes at once are one


class Keeper:
    def __init__(self, world: World, state: State, fleet: Fleet, waiting: Waiting) -> None:
        self._world, self._state, self._waiting = world, state, waiting
        self._draining, self._scaling = Draining(world, fleet), Scaling(world, waiting)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Tasks, instances, groups or providers have changed."""
        self._woken.set()

    async def run(self) -> None:
        while True:
            await self._rest()
            self._waiting.give_up()
            for cluster, provider in list(self._attached()):
                await self._look(cluster, provider)

    async def _rest(self) -> None:
        """Where there is nothing to look after, nothing is done every minute."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._woken.wait())]
        if any(self._attached()):
            clock = self._world.clock
            past = clock.now().timestamp() % EVERY_SECONDS
            waits.append(asyncio.ensure_future(clock.sleep(EVERY_SECONDS - past + BEYOND_SECONDS)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if self._woken.is_set():
            if any(self._attached()):
                await self._world.clock.sleep(GATHER_SECONDS)
            self._woken.clear()

    def _attached(self) -> Iterator[tuple[Cluster, CapacityProvider]]:
        for cluster in self._state.clusters.values():
            for provider in associations.of_cluster(self._state, cluster):
                yield cluster, provider

    async def _look(self, cluster: Cluster, provider: CapacityProvider) -> None:
        try:
            found = await groups.described(self._world, [provider])
            if group := found.get(provider.group):
                busy = demand.busy(self._state, cluster)
                calm = not any(self._waiting.of(cluster.name, provider.name))
                await self._draining.look(provider, group)
                await protecting.look(self._world, provider, group, busy, calm=calm)
                await self._scaling.look(cluster, provider, group, busy)
        except AwsError as error:
            log.warning("provider %s of %s: %s", provider.name, cluster.name, error)
        except Exception:  # one that cannot be looked after must not stop the others
            log.exception("the local AWS failed at capacity provider %s", provider.name)
