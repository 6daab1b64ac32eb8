"""Targets: registered, watched, drained. A target is an instance's or an address's one port."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from localaws.elbv2 import checks
from localaws.elbv2.model import State, Target, TargetGroup, TargetHealth, Timing
from localaws.elbv2.store import Store
from localaws.elbv2.whereabouts import ALL, Whereabouts
from localaws.faults.fault import Kind

if TYPE_CHECKING:
    from localaws.world import World

Key = tuple[str, int]


class Targets:
    def __init__(self, world: World, store: Store, timing: Timing) -> None:
        self._world = world
        self._store = store
        self._timing = timing
        self._watches: set[asyncio.Task[None]] = set()
        self._drains: dict[tuple[str, Key], asyncio.Task[None]] = {}  # by group and target

    def register(self, group: TargetGroup, key: Key, place: Whereabouts) -> None:
        """Again for one that is there: nothing, unless it drains, which brings it back."""
        present = group.targets.get(key)
        if present and present.state is not State.DRAINING:
            return
        target = Target(*key, address=place.address, health=checks.INITIAL, zone=place.zone)
        group.targets[key] = target
        self._begin(self._watch(group, target))

    def deregister(self, group: TargetGroup, key: Key) -> None:
        target = group.targets.get(key)
        if target is None or target.state is State.DRAINING:
            return
        if not self._store.users(group.arn):
            self._remove(group, target)
            self._store.tell()
            return
        target.health, target.draining_since = checks.DRAINING, self._world.clock.now()
        self._begin_to_drain(group, target)

    async def drained(self, group: TargetGroup, key: Key) -> None:
        """Returns once it is no longer registered, or at once if it does not drain."""
        if drain := self._drains.get((group.arn, key)):
            await asyncio.wait({drain})

    def machines_changed(self, done: str, instances: list[str]) -> None:
        groups = self._store.state.groups.values()
        registered = {target_id for group in groups for target_id, _ in group.targets}
        for one in registered & set(instances):
            if done in ("stopped", "terminated"):
                self._end(one, done)
            else:
                self._store.state.ended.pop(one, None)
        self._store.tell()

    def resume(self) -> None:
        """Each is watched, or drained on, as before."""
        for group in self._store.state.groups.values():
            for target in group.targets.values():
                if _draining(target):
                    self._begin_to_drain(group, target)
                else:
                    self._begin(self._watch(group, target))

    def health(self, group: TargetGroup, key: Key) -> TargetHealth | None:
        target = group.targets.get(key)
        if target is None:
            return None
        if _draining(target):
            return target.health
        return self._unused(group, target) or target.health

    async def stop(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    def _unused(self, group: TargetGroup, target: Target) -> TargetHealth | None:
        """Why nothing is sent to a target, its checks included."""
        store = self._store
        if not store.users(group.arn):
            return checks.UNUSED
        if how := store.state.ended.get(target.id):
            return checks.ended(how)
        if store.taken(target.id):
            return checks.TAKEN
        if target.zone not in (None, ALL) and target.zone not in store.zones(group.arn):
            return checks.ZONE
        return None

    def _end(self, instance_id: str, how: str) -> None:
        self._store.state.ended[instance_id] = how
        for group in self._store.state.groups.values():
            for target in group.targets.values():
                if target.id == instance_id and not _draining(target):
                    _forget(target)

    def _remove(self, group: TargetGroup, target: Target) -> None:
        del group.targets[target.id, target.port]
        groups = self._store.state.groups.values()
        if not any(target.id == one for each in groups for one, _ in each.targets):
            self._store.state.ended.pop(target.id, None)

    def _begin_to_drain(self, group: TargetGroup, target: Target) -> None:
        drain = self._begin(self._drain(group, target))
        self._drains[group.arn, (target.id, target.port)] = drain

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)
        return task

    async def _watch(self, group: TargetGroup, target: Target) -> None:
        """Checks a target for as long as it is registered, while it is in use."""
        clock = self._world.clock
        counted = clock.monotonic()
        while self._registered(group, target) and not _draining(target):
            if self._unused(group, target):
                _forget(target)
                await self._store.changed()
                counted = clock.monotonic()
                continue
            outcome = await self._outcome(group, target)
            if _draining(target):  # it began to, while the check ran
                return
            due = clock.monotonic() - counted >= self._interval(group)
            if target.state is not State.INITIAL or due or isinstance(outcome, checks.Passed):
                counted = clock.monotonic()
                self._judge(group, target, outcome)
            if target.state is State.INITIAL:
                target.health = checks.CHECKING
            await clock.sleep(self._pause(group, target))

    async def _outcome(self, group: TargetGroup, target: Target) -> checks.Outcome:
        """A fault keeps a target from becoming healthy; one that is healthy it leaves alone."""
        if target.state is not State.HEALTHY:
            facts = {"group": group.name, "target": target.id, "port": str(target.port)}
            if fault := self._world.faults.first(Kind.NEVER_HEALTHY, **facts):
                return checks.Failed(checks.failing(fault.params["reason"], fault.params["code"]))
        if not ip_address(target.address).is_loopback:
            limit = float(group.settings["HealthCheckTimeoutSeconds"])
            await self._world.clock.sleep(limit * self._timing.interval_scale)
            return checks.Failed(checks.TIMEOUT)
        return await checks.check(group, target, self._world.probe or checks.get)

    def _judge(self, group: TargetGroup, target: Target, outcome: checks.Outcome) -> None:
        before = target.state
        checks.judge(group, target, outcome)
        if target.state is State.HEALTHY and before is not State.HEALTHY:
            target.healthy_since = self._world.clock.now()

    async def _drain(self, group: TargetGroup, target: Target) -> None:
        """No new request reaches it; it goes when its last is answered, or when the delay ends."""
        clock, delay = self._world.clock, group.deregistration_delay
        since = target.draining_since or clock.now()
        await clock.sleep(min(delay, self._timing.shortest_drain))
        while target.in_flight and (clock.now() - since).total_seconds() < delay:
            await clock.sleep(0.05)
        for connection in list(target.connections):
            connection.transport.abort()
        self._drains.pop((group.arn, (target.id, target.port)), None)
        if self._registered(group, target):
            self._remove(group, target)

    def _registered(self, group: TargetGroup, target: Target) -> bool:
        return (
            group.arn in self._store.state.groups
            and group.targets.get((target.id, target.port)) is target
        )

    def _interval(self, group: TargetGroup) -> float:
        return float(group.settings["HealthCheckIntervalSeconds"]) * self._timing.interval_scale

    def _pause(self, group: TargetGroup, target: Target) -> float:
        interval = self._interval(group)
        initial = target.state is State.INITIAL
        return min(interval, self._timing.first_checks) if initial else interval


def _draining(target: Target) -> bool:
    return target.state is State.DRAINING


def _forget(target: Target) -> None:
    target.health, target.passes, target.failures = checks.INITIAL, 0, 0
