"""A cluster with a capacity provider, in a local AWS without HTTP whose time stands still."""

from __future__ import annotations

import asyncio
import base64
import pickle
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from localaws.autoscaling.service import AutoScaling
from localaws.clock import VirtualClock
from localaws.ecs.service import Ecs
from localaws.machines import Machines
from localaws.main import build
from localaws.options import Options

Json = dict[str, Any]
USER_DATA = base64.b64encode(b"#!/bin/bash\necho ECS_CLUSTER=c >> /etc/ecs/ecs.config\n").decode()
TYPE, CPU, MEMORY = "t3.medium", 2048, 4096
MINUTE = 60.0


class Cluster:
    """`c`, with one provider and its group."""

    def __init__(self, home: Path) -> None:
        self.world = build(Options(port=1, router_port=2, home=home, driver="sim", time_scale=0))
        assert isinstance(self.world.clock, VirtualClock)
        self.clock = self.world.clock
        which = uuid.uuid4().hex  # what moto has is of the whole process
        self.template, self.provider, self.group_name = f"t{which}", f"p{which}", f"g{which}"

    async def call(self, service: str, operation: str, /, **params: object) -> Json:
        return await self.world.aws.call(service, operation, params)

    async def ecs(self, operation: str, /, **params: object) -> Json:
        return await self.call("ecs", operation, **params)

    async def provide(
        self, minimum: int = 0, maximum: int = 6, *, protects: bool = False, **settings: object
    ) -> None:
        await self.ecs("CreateCluster", clusterName="c")
        await self.make_template()
        await self.make_group(self.group_name, minimum, maximum, protects=protects)
        scaling = {"status": "ENABLED", "instanceWarmupPeriod": 0}
        provider = {"autoScalingGroupArn": self.group_name, "managedScaling": scaling, **settings}
        if protects:
            provider["managedTerminationProtection"] = "ENABLED"
        await self.ecs(
            "CreateCapacityProvider", name=self.provider, autoScalingGroupProvider=provider
        )
        item = {"capacityProvider": self.provider, "weight": 1}
        await self.ecs(
            "PutClusterCapacityProviders",
            cluster="c",
            capacityProviders=[self.provider],
            defaultCapacityProviderStrategy=[item],
        )
        await self.clock.advance(MINUTE)

    async def make_template(self) -> None:
        data = {"ImageId": "ami-12c6146b", "InstanceType": TYPE, "UserData": USER_DATA}
        await self.call(
            "ec2", "CreateLaunchTemplate", LaunchTemplateName=self.template, LaunchTemplateData=data
        )

    async def make_group(
        self, name: str, minimum: int = 0, maximum: int = 0, *, protects: bool = False
    ) -> None:
        await self.call(
            "autoscaling",
            "CreateAutoScalingGroup",
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": self.template},
            MinSize=minimum,
            MaxSize=maximum,
            AvailabilityZones=["us-east-1a"],
            NewInstancesProtectedFromScaleIn=protects,
        )

    async def scale(self, operation: str, /, **params: object) -> Json:
        """Of Auto Scaling, about the group."""
        return await self.call(
            "autoscaling", operation, AutoScalingGroupName=self.group_name, **params
        )

    async def define(self, memory: int, family: str = "web") -> None:
        container = {"name": "main", "image": "x", "memory": memory}
        await self.ecs("RegisterTaskDefinition", family=family, containerDefinitions=[container])

    async def run(self, count: int, memory: int, **params: object) -> list[str]:
        await self.define(memory)
        made = await self.ecs("RunTask", cluster="c", taskDefinition="web", count=count, **params)
        return [one["taskArn"] for one in made["tasks"]]

    async def tasks(self, *arns: str) -> list[Json]:
        return list((await self.ecs("DescribeTasks", cluster="c", tasks=arns))["tasks"])

    async def statuses(self, *arns: str) -> list[str]:
        return [one["lastStatus"] for one in await self.tasks(*arns)]

    async def group(self) -> Json:
        found = await self.call("autoscaling", "DescribeAutoScalingGroups")
        return dict(found["AutoScalingGroups"][0])

    async def desired(self) -> int:
        return int((await self.group())["DesiredCapacity"])

    async def instances(self) -> list[Json]:
        listed = await self.ecs("ListContainerInstances", cluster="c")
        if not listed["containerInstanceArns"]:
            return []
        asked = {"cluster": "c", "containerInstances": listed["containerInstanceArns"]}
        return list((await self.ecs("DescribeContainerInstances", **asked))["containerInstances"])

    async def causes(self) -> list[str]:
        found = await self.scale("DescribeScalingActivities")
        return [one["Cause"] for one in found["Activities"]]

    async def until(self, holds: Callable[[], Awaitable[object]], within: float) -> None:
        """Time passes by seconds until it does."""
        for _ in range(int(within)):
            if await holds():
                return
            await self.clock.advance(1)
        assert await holds(), holds

    def keep(self) -> bytes:
        return pickle.dumps((self.world.ecs.state, self.world.autoscaling.state))

    async def restart(self, kept: bytes = b"") -> None:
        """ECS and Auto Scaling, from what they keep, or kept when EC2 went on without them."""
        world = self.world
        await world.ecs.stop()
        await world.autoscaling.stop()
        kept = kept or self.keep()
        world.ecs, world.autoscaling = Ecs(world, world.driver), AutoScaling(world)
        ecs, autoscaling = pickle.loads(kept)
        vars(world.ecs.state).update(vars(ecs))
        vars(world.autoscaling.state).update(vars(autoscaling))
        world.aws.own("ecs", world.ecs)
        world.aws.own("autoscaling", world.autoscaling)
        world.autoscaling.listen(world.ecs.group_changed)
        machines = Machines()
        machines.listeners += [world.autoscaling.machines_changed, world.ecs.machines_changed]
        world.aws.moto.heard["ec2"] = machines.heard
        await world.autoscaling.start()
        await world.ecs.start()
        await world.autoscaling.resume()
        await world.ecs.resume()


def tell(home: Path, story: Callable[[Cluster], Awaitable[None]]) -> None:
    async def whole() -> None:
        cluster = Cluster(home)
        world = cluster.world
        await world.ecs.start()
        await world.autoscaling.start()
        try:
            await story(cluster)
        finally:
            await world.autoscaling.stop()
            await world.ecs.stop()
            world.aws.moto.close()

    asyncio.run(whole())
