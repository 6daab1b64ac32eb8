"""ECS alone: its time stands still until it is advanced, its containers do as they are told."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from localaws.clock import VirtualClock
from localaws.drivers.driver import Feature, Image, Launch, OnLine, Port, PullFailed
from localaws.ecs.needs import TargetHealth
from localaws.ecs.service import Ecs
from localaws.faults.faults import Faults
from localaws.wire import AwsError
from tests.localaws.containing import BREAKER

Json = dict[str, Any]
HOUR = 3600.0


@dataclass
class Told:
    """A container that runs until it is signalled or told to end."""

    runtime_id: str
    ports: Sequence[Port] = ()
    deaf: bool = False  # to SIGTERM
    out_of_memory: bool = False
    ended: "asyncio.Future[int]" = field(default_factory=asyncio.Future)

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    async def signal(self, number: int) -> None:
        if not self.ended.done() and not (self.deaf and number == signal.SIGTERM):
            self.ended.set_result(128 + number)

    async def execute(self, command: Sequence[str], timeout: float) -> int:
        return 0


class Scripted:
    """A driver without processes."""

    honours: frozenset[Feature] = frozenset()

    def __init__(self) -> None:
        self.containers: list[Told] = []
        self.deaf = False
        self.missing = False  # the images

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def pull(self, reference: str) -> Image:
        if self.missing:
            raise PullFailed("not found")
        return Image("sha256:0", Path("/"))

    async def launch(self, launch: Launch) -> Told:
        self.containers.append(Told(launch.id, deaf=self.deaf))
        return self.containers[-1]

    async def adopt(self, labels: Mapping[str, str], on_line: OnLine) -> None: ...

    async def end_unadopted(self) -> None: ...


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

    def has_load_balancer(self, target_group_arn: str) -> bool:
        return False


class World:
    account, region, port, home = "123456789012", "us-east-1", 0, Path("/nowhere")
    task_settle_seconds = 1.0

    def __init__(self) -> None:
        self.clock, self.driver = VirtualClock(), Scripted()
        self.faults = Faults(self.clock)
        self.aws = self.events = self.elbv2 = Nothing()
        self.ecs = Ecs(self, self.driver)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def call(self, operation: str, **params: object) -> Json:
        answer = self.ecs.operations()[operation](dict(params))
        assert isinstance(answer, dict)
        return answer

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
        """The service actions so far, with their severity."""
        told = [one for kind, one in self.events.emitted if kind == "ECS Service Action"]
        return [(one["eventType"], one["eventName"]) for one in told]

    async def until(self, holds: Callable[[], object], within: float = 10) -> None:
        """Time passes no further than to where it holds."""
        assert await self.clock.until(holds, within), holds


def tell(story: Callable[[World], Awaitable[None]]) -> None:
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


def test_stopped_tasks_and_deleted_services_are_shown_for_an_hour() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        world.call("DeleteService", cluster="c", service="web", force=True)
        await world.until(lambda: world.service()["status"] == "INACTIVE")
        stopped = {"cluster": "c", "desiredStatus": "STOPPED"}

        await world.clock.advance(0.9 * HOUR)
        assert len(world.call("ListTasks", **stopped)["taskArns"]) == 1
        assert world.service()["status"] == "INACTIVE"

        await world.clock.advance(0.2 * HOUR)
        assert world.call("ListTasks", **stopped)["taskArns"] == []
        gone = world.call("DescribeServices", cluster="c", services=["web"])
        assert [one["reason"] for one in gone["failures"]] == ["MISSING"]

    tell(story)


def test_the_same_trouble_is_told_again_after_six_hours() -> None:
    async def story(world: World) -> None:
        world.create(1, memory=9000)
        await world.until(lambda: world.said("was unable to place a task"))
        await world.clock.advance(5 * HOUR)
        assert world.said("was unable to place a task") == 1

        await world.clock.advance(2 * HOUR)
        assert world.said("was unable to place a task") == 2
        assert world.actions() == [("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE")] * 2

    tell(story)


def test_missing_capacity_counts_as_failure_only_now_and_then() -> None:
    async def story(world: World) -> None:
        world.create(1, memory=9000, deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
        for failures in (1, 2, 3):
            await world.until(
                lambda n=failures: world.service()["deployments"][0]["failedTasks"] == n
            )
            await world.clock.advance(14)
            assert world.service()["deployments"][0]["failedTasks"] == failures
            await world.clock.advance(1)

        assert world.service()["deployments"][0]["rolloutState"] == "FAILED"

    tell(story)


def test_a_task_placed_late_is_placed_as_soon_as_there_is_room() -> None:
    async def story(world: World) -> None:
        world.create(1, memory=9000)
        await world.until(lambda: world.said("was unable to place a task"))

        world.ecs.add_instance("c", "i-2", "127.0.0.1", "us-east-1b", memory=10_000)

        await steady(world)

    tell(story)


def test_tasks_that_ran_are_not_slowed_down_by_the_back_off() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        for crashes in range(1, 12):
            await world.until(lambda n=crashes: len(world.driver.containers) == n)
            await world.until(lambda: world.service()["runningCount"] == 1)
            world.driver.containers[-1].ended.set_result(1)
            await world.until(lambda: world.service()["runningCount"] == 0)

        assert world.said("is unable to consistently start tasks successfully.") == 0
        assert world.service()["deployments"][0]["rolloutState"] == "COMPLETED"
        await steady(world)

    tell(story)


def test_tasks_that_never_ran_are_slowed_down_and_it_is_said() -> None:
    async def story(world: World) -> None:
        world.driver.missing = True
        world.create(1)
        await world.clock.advance(2 * HOUR)

        assert 15 < world.service()["deployments"][0]["failedTasks"] < 20
        assert world.said("is unable to consistently start tasks successfully.") == 1
        assert world.actions() == [("WARN", "SERVICE_TASK_START_IMPAIRED")]
        world.driver.missing = False
        await world.until(lambda: world.service()["runningCount"] == 1, within=27 * 60)

    tell(story)


def test_a_steady_state_is_told_again_every_six_hours() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        await world.clock.advance(5.9 * HOUR)
        assert world.said("has reached a steady state.") == 1

        await world.clock.advance(12 * HOUR)

        assert world.said("has reached a steady state.") == 3
        assert world.actions() == [("INFO", "SERVICE_STEADY_STATE")] * 3

    tell(story)


def test_at_rest_nothing_is_looked_at() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        await world.clock.advance(60)
        looks, take = [], world.ecs._scheduler.steps.take
        world.ecs._scheduler.steps.take = lambda service: looks.append(service) or take(service)

        await world.clock.advance(5 * HOUR)

        assert looks == []

    tell(story)


def test_a_stopped_task_stops_by_sigterm_and_a_service_alone_replaces_it() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        arns = world.call("ListTasks", cluster="c")["taskArns"]

        world.call("StopTask", cluster="c", task=arns[0])

        await world.until(lambda: len(world.driver.containers) == 2)
        assert await world.driver.containers[0].wait() == 128 + signal.SIGTERM

    tell(story)


def test_a_sixth_deployment_is_refused_while_five_have_tasks() -> None:
    async def story(world: World) -> None:
        world.driver.deaf = True  # so that old tasks linger
        world.create(1)
        await steady(world)
        update = {"cluster": "c", "service": "web", "forceNewDeployment": True}
        for count in range(2, 6):
            world.call("UpdateService", **update)
            await world.until(lambda n=count: len(world.driver.containers) == n)

        statuses = [one["status"] for one in world.service()["deployments"]]
        assert statuses == ["PRIMARY", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"]
        with pytest.raises(AwsError, match="5 active deployments exist"):
            world.call("UpdateService", **update)

    tell(story)
