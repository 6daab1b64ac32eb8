"""ECS alone, without a load balancer: its time stands still until it is advanced."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from localaws.clock import VirtualClock
from localaws.drivers.sim.driver import SimDriver
from localaws.ecs.model import State
from localaws.ecs.needs import TargetHealth
from localaws.ecs.service import Ecs
from localaws.faults.faults import Faults

Json = dict[str, Any]


class Nothing:
    """No load balancer, no other service; events are kept."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, Json]] = []

    async def call(self, service: str, operation: str, params: Json) -> Json:
        raise AssertionError(f"{service}.{operation} was called")

    async def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        *,
        at: datetime | None = None,
    ) -> str:
        self.emitted.append((detail_type, dict(detail)))
        return "id"

    def register(self, *target: object) -> None: ...

    def deregister(self, *target: object) -> None: ...

    def health_of(self, *target: object) -> TargetHealth | None:
        return None

    async def drained(self, *target: object) -> None: ...

    async def measured(self, group: str, policy: str, value: float) -> None: ...

    def has_load_balancer(self, target_group_arn: str) -> bool:
        return False


class World:
    account, region, port, home = "123456789012", "us-east-1", 0, Path("/nowhere")
    task_settle_seconds = 1.0
    attachment_seconds = 5.0

    def image(self, reference: str) -> str:
        return reference

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.driver = SimDriver(self.clock)
        self.faults = Faults(self.clock)
        self.aws = self.events = self.elbv2 = self.autoscaling = Nothing()
        self.ecs = Ecs(self, self.driver)

    @property
    def state(self) -> State:
        return self.ecs.state

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def call(self, operation: str, **params: object) -> Json:
        answer = self.ecs.operations()[operation](dict(params))
        assert isinstance(answer, dict)
        return answer

    def scripts(self, **script: object) -> None:
        """What every container does that starts from now on."""
        self.driver.table.tell([{"image": "*", **script}])

    def create(self, count: int, memory: int = 64, **more: object) -> None:
        container = {"name": "main", "image": "x", "memory": memory}
        self.call("RegisterTaskDefinition", family="web", containerDefinitions=[container])
        service = {"serviceName": "web", "taskDefinition": "web", "desiredCount": count}
        self.call("CreateService", cluster="c", **service, **more)

    def service(self) -> Json:
        return dict(self.call("DescribeServices", cluster="c", services=["web"])["services"][0])

    def said(self, words: str) -> int:
        return sum(words in one["message"] for one in self.service()["events"])

    def actions(self) -> list[tuple[str, str]]:
        """The service actions so far, with their severity, but for those of deployments."""
        told = [one for kind, one in self.events.emitted if kind == "ECS Service Action"]
        both = [(one["eventType"], one["eventName"]) for one in told]
        return [one for one in both if not one[1].startswith("SERVICE_DEPLOYMENT_")]

    async def until(self, holds: Callable[[], object], within: float = 10) -> None:
        """Time passes no further than to where it holds."""
        assert await self.clock.until(holds, within), holds


def tell(story: Callable[[World], Awaitable[None]]) -> None:
    """Of a cluster `c` with one container instance."""

    async def whole() -> None:
        world = World()
        world.call("CreateCluster", clusterName="c")
        world.ecs.add_instance("c", "i-1", "127.0.0.1", "us-east-1a")
        await world.ecs.start()
        try:
            await story(world)
        finally:
            await world.ecs.stop()

    asyncio.run(whole())


async def steady(world: World) -> None:
    def settled() -> bool:
        service = world.service()
        states = [one["rolloutState"] for one in service["deployments"]]
        return states == ["COMPLETED"] and service["runningCount"] == service["desiredCount"]

    await world.until(settled)
