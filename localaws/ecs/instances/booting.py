"""EC2 instances on their way to being container instances: booted, then registered by their agent.

User data says whether there is an agent, and for which cluster. One whose cluster is not there
yet tries again once it is.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Iterable
from typing import Any

from localaws.ecs.capacity import groups
from localaws.ecs.instances import registration
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.registration import Config, Size
from localaws.ecs.model import State
from localaws.ecs.needs import World
from localaws.wire import AwsError

log = logging.getLogger(__name__)


class Booting:
    def __init__(self, world: World, state: State, fleet: Fleet) -> None:
        self._world, self._state, self._fleet = world, state, fleet
        self._going = dict[str, asyncio.Task[None]]()
        self._sizes = dict[str, Size]()

    def launched(self, instances: Iterable[str]) -> None:
        for instance in instances:
            if instance in self._state.hosts:
                continue
            self._state.hosts.add(instance)
            self._state.booting[instance] = None
            self._go(instance, self._world.instance_boot_seconds)

    def started(self, instance: str) -> None:
        """One that was stopped before it registered boots anew."""
        if instance in self._state.hosts and instance not in self._state.booting:
            self._state.booting[instance] = None
            self._go(instance, self._world.instance_boot_seconds)

    def resume(self) -> None:
        for instance, awaited in self._state.booting.items():
            if awaited is None:
                self._go(instance, self._world.instance_boot_seconds)

    def cluster_made(self, name: str) -> None:
        for instance, awaited in self._state.booting.items():
            if awaited == name:
                self._go(instance, 0)

    def forget(self, instance: str) -> None:
        """It has ended before it registered."""
        self._state.booting.pop(instance, None)
        if going := self._going.get(instance):
            going.cancel()

    async def idle(self) -> None:
        """Until none is on its way but those whose cluster is not there."""
        while self._going:
            await asyncio.wait(self._going.values())

    async def stop(self) -> None:
        going = list(self._going.values())
        for one in going:
            one.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    def _go(self, instance: str, seconds: float) -> None:
        going = self._going[instance] = asyncio.create_task(self._boot(instance, seconds))
        going.add_done_callback(lambda _: self._going.pop(instance, None))

    async def _boot(self, instance: str, seconds: float) -> None:
        await self._world.clock.sleep(seconds)
        try:
            await self._register(instance)
        except AwsError as error:
            log.warning("%s did not register: %s", instance, error)
            self._state.booting.pop(instance, None)

    async def _register(self, instance: str) -> None:
        config = registration.config(await self._user_data(instance))
        if config is None:
            self._state.booting.pop(instance, None)
            return
        machine = await self._machine(instance)
        size = await self._size(machine["InstanceType"])
        cluster = self._state.clusters.get(config.cluster)
        if cluster is None or cluster.status == "INACTIVE":
            self._state.booting[instance] = config.cluster
            return
        provider = await groups.provider_of(self._world, self._state, cluster, instance)
        self._state.booting.pop(instance, None)
        if self._fleet.of_host(instance) is None:
            tags = _tags(machine, config)
            self._fleet.register(cluster, machine, config, size, tags, provider)

    async def _user_data(self, instance: str) -> str:
        asked = {"InstanceId": instance, "Attribute": "userData"}
        told = await self._world.aws.call("ec2", "DescribeInstanceAttribute", asked)
        encoded = told.get("UserData", {}).get("Value", "")
        return base64.b64decode(encoded).decode("utf-8", "replace")

    async def _machine(self, instance: str) -> dict[str, Any]:
        asked = {"InstanceIds": [instance]}
        told = await self._world.aws.call("ec2", "DescribeInstances", asked)
        return dict(told["Reservations"][0]["Instances"][0])

    async def _size(self, instance_type: str) -> Size:
        if instance_type not in self._sizes:
            asked = {"InstanceTypes": [instance_type]}
            told = await self._world.aws.call("ec2", "DescribeInstanceTypes", asked)
            self._sizes[instance_type] = registration.size(told["InstanceTypes"][0])
        return self._sizes[instance_type]


def _tags(machine: dict[str, Any], config: Config) -> dict[str, str]:
    """EC2's own first, where the agent is told to hand them on; aws: ones are not."""
    of_host = {
        tag["Key"]: tag["Value"]
        for tag in machine.get("Tags", ())
        if config.tags_from_instance and not tag["Key"].startswith("aws:")
    }
    return of_host | dict(config.tags)
