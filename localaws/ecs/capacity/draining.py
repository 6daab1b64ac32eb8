"""Managed draining: an instance that its group ends is left by its tasks first.

Auto Scaling waits for ECS's lifecycle hook: 48 hours at most, then it goes on by itself.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from localaws.ecs.capacity import groups
from localaws.ecs.capacity.provider import CapacityProvider
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.needs import World

HEARTBEAT_EVERY = timedelta(minutes=30)  # half of what the hook allows


class Draining:
    def __init__(self, world: World, fleet: Fleet) -> None:
        self._world, self._fleet = world, fleet
        self._beats = dict[str, datetime]()  # the last heartbeat, by EC2 instance

    async def look(self, provider: CapacityProvider, group: dict[str, Any]) -> None:
        """Drains those that wait, and lets go of those that are empty."""
        if not provider.drains:
            return
        for member in group["Instances"]:
            if member["LifecycleState"] == "Terminating:Wait":
                await self._tend(provider.group, member["InstanceId"])

    async def _tend(self, group: str, machine: str) -> None:
        instance = self._fleet.of_host(machine)
        if instance and instance.status == "ACTIVE":
            instance.status = "DRAINING"
            self._fleet.changed(instance)
        if instance is None or not self._fleet.tasks(instance):
            self._beats.pop(machine, None)
            await groups.let_go(self._world, group, machine)
        else:
            await self._beat(group, machine)

    async def _beat(self, group: str, machine: str) -> None:
        now = self._world.clock.now()
        if now - self._beats.setdefault(machine, now) >= HEARTBEAT_EVERY:
            self._beats[machine] = now
            await groups.keep_waiting(self._world, group, machine)
