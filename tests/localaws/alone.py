"""ECS alone, without a load balancer: its time stands still until it is advanced."""

from collections.abc import Awaitable, Callable

from localaws.clock import VirtualClock
from localaws.drivers.sim.driver import SimDriver
from localaws.ecs.model import State
from localaws.ecs.service import Ecs
from localaws.faults.faults import Faults
from tests.localaws.ecs_world import EcsWorld, Json, Quiet, tell_of


class World(EcsWorld):
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.driver = SimDriver(self.clock)
        self.faults = Faults(self.clock)
        self.aws = self.events = self.elbv2 = self.autoscaling = Quiet()
        self.ecs = Ecs(self, self.driver)

    @property
    def state(self) -> State:
        return self.ecs.state

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
        told = self.events.told("ECS Service Action")
        both = [(one["eventType"], one["eventName"]) for one in told]
        return [one for one in both if not one[1].startswith("SERVICE_DEPLOYMENT_")]


def tell(story: Callable[[World], Awaitable[None]]) -> None:
    tell_of(World, story)


async def steady(world: World) -> None:
    def settled() -> bool:
        service = world.service()
        states = [one["rolloutState"] for one in service["deployments"]]
        return states == ["COMPLETED"] and service["runningCount"] == service["desiredCount"]

    await world.until(settled)
