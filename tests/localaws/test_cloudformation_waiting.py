"""Stack operations that are stopped while resources are to become stable, and gone on with.

A service until its tasks run, a group until its instances serve, a certificate until it is issued.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from localaws.world import World
from tests.localaws.resuming import Json, Life, lived

MOST_EVENTS = 40
BREAKER = {
    "Enable": True,
    "Rollback": False,
    "ThresholdConfiguration": {"Type": "COUNT", "Value": 3},
}
SCRIPTS = [
    {"image": "*broken*", "start_error": "CannotStartContainerError: no"},
    {"image": "*", "start_seconds": 5},
]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with lived(tmp_path) as life:
        yield life


def template(image: str, count: int = 2, name: str = "") -> str:
    container = {"Name": "main", "Image": image, "Memory": 32}
    service = {
        "Cluster": "palatine",
        "TaskDefinition": {"Ref": "Definition"},
        "DesiredCount": count,
        "DeploymentConfiguration": {"DeploymentCircuitBreaker": BREAKER},
    }
    version = {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]}
    group = {
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Launch"}, "Version": version},
        "AvailabilityZones": ["us-east-1a"],
        "MinSize": str(count),
        "MaxSize": "8",
        "DesiredCapacity": str(count),
    }
    machine = {"InstanceType": "t3.micro", "ImageId": "ami-12c6146b"}
    kinds = {
        "Definition": ("ECS::TaskDefinition", {"ContainerDefinitions": [container]}),
        "Service": ("ECS::Service", service | ({"ServiceName": name} if name else {})),
        "Launch": ("EC2::LaunchTemplate", {"LaunchTemplateData": machine}),
        "Group": ("AutoScaling::AutoScalingGroup", group),
        "Certificate": (
            "CertificateManager::Certificate",
            {"DomainName": "example.com", "ValidationMethod": "DNS"},
        ),
    }
    resources = {
        logical_id: {"Type": f"AWS::{kind}", "Properties": properties}
        for logical_id, (kind, properties) in kinds.items()
    }
    return json.dumps({"Resources": resources})


def unplaceable() -> str:
    """Its tasks wait for memory that no instance has, and no breaker counts them."""
    document = json.loads(template("first"))
    del document["Resources"]["Service"]["Properties"]["DeploymentConfiguration"]
    container = document["Resources"]["Definition"]["Properties"]["ContainerDefinitions"][0]
    container["Memory"] = 131072
    return json.dumps(document)


async def create(life: Life, stack: str) -> None:
    await life.call("CreateStack", StackName=stack, TemplateBody=template("first"))


async def fail(life: Life, stack: str) -> None:
    await life.call("CreateStack", StackName=stack, TemplateBody=template("broken"))


def updating(to: Callable[[str], str]) -> Callable[[Life, str], Awaitable[None]]:
    async def begin(life: Life, stack: str) -> None:
        await create(life, stack)
        assert await life.ended(stack) == "CREATE_COMPLETE"
        await life.call("UpdateStack", StackName=stack, TemplateBody=to(stack))

    return begin


async def delete(life: Life, stack: str) -> None:
    await create(life, stack)
    assert await life.ended(stack) == "CREATE_COMPLETE"
    await life.call("DeleteStack", StackName=stack)


# how it begins, how it ends, what then runs: image, tasks and instances in service
OPERATIONS = {
    "create": (create, "CREATE_COMPLETE", ("first", 2, 2)),
    "fail": (fail, "ROLLBACK_COMPLETE", None),
    "update": (updating(lambda _: template("next", 3)), "UPDATE_COMPLETE", ("next", 3, 3)),
    "replace": (
        updating(lambda stack: template("next", 1, name=f"{stack}-other")),
        "UPDATE_COMPLETE",
        ("next", 1, 1),
    ),
    "roll back": (
        updating(lambda _: template("broken", 3)),
        "UPDATE_ROLLBACK_COMPLETE",
        ("first", 2, 2),
    ),
    "delete": (delete, "DELETE_COMPLETE", None),
}


async def cut_everywhere(life: Life, operation: str) -> int:
    """How often it was cut, each time while something waits."""
    begin, status, running = OPERATIONS[operation]
    for count in range(1, MOST_EVENTS):
        stack = f"s{count}"
        await begin(life, stack)
        cut = await life.until_events(stack, count)
        await life.clock.advance(1)
        await life.restart()
        assert await life.ended(stack) == status, told(life, stack)
        assert await ran(life, stack) == running, told(life, stack)
        if not cut:
            return count - 1
        await clean(life, stack)
    raise AssertionError("it does not end")


@asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    """What stacks wait for, with a cluster of one instance."""
    async with AsyncExitStack() as started:
        await world.ecs.start()
        started.push_async_callback(world.ecs.stop)
        await world.autoscaling.start()
        started.push_async_callback(world.autoscaling.stop)
        started.push_async_callback(world.events.stop)
        world.sim.tell(SCRIPTS)
        await world.aws.call("ecs", "CreateCluster", {"clusterName": "palatine"})
        world.ecs.add_instance("palatine", "i-1", "127.0.1.1", "us-east-1a", memory=65536)
        yield


async def ran(life: Life, stack: str) -> tuple[str, int, int] | None:
    resources = life.world.cloudformation.state.by_name[stack].resources
    if not resources:
        return None
    asked: Json = {"cluster": "palatine", "services": [resources["Service"].physical_id]}
    service = (await life.world.aws.call("ecs", "DescribeServices", asked))["services"][0]
    named = {"taskDefinition": service["taskDefinition"]}
    found = await life.world.aws.call("ecs", "DescribeTaskDefinition", named)
    group = {"AutoScalingGroupNames": [resources["Group"].physical_id]}
    groups = await life.world.aws.call("autoscaling", "DescribeAutoScalingGroups", group)
    instances = groups["AutoScalingGroups"][0]["Instances"]
    serving = [one for one in instances if one["LifecycleState"] == "InService"]
    image = found["taskDefinition"]["containerDefinitions"][0]["image"]
    return image, service["runningCount"], len(serving)


async def clean(life: Life, stack: str) -> None:
    await life.call("DeleteStack", StackName=stack)
    await life.ended(stack)
    services = await life.world.aws.call("ecs", "ListServices", {"cluster": "palatine"})
    assert services["serviceArns"] == []
    groups = await life.world.aws.call("autoscaling", "DescribeAutoScalingGroups", {})
    assert groups["AutoScalingGroups"] == []


def told(life: Life, stack: str) -> str:
    events = life.world.cloudformation.state.by_name[stack].events
    return "\n".join(f"{one.logical_id} {one.status} {one.reason}" for one in events)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_goes_on_while_it_waits(life: Life, operation: str) -> None:
    async def story() -> int:
        async with working(life.world):
            return await cut_everywhere(life, operation)

    cuts = asyncio.run(story())

    assert cuts >= 8


def test_a_service_that_never_is_stable_fails_after_three_hours(life: Life) -> None:
    """Half of them before everything is stopped, half of them after."""

    async def story() -> tuple[str, float, str]:
        async with working(life.world):
            await life.call("CreateStack", StackName="s", TemplateBody=unplaceable())
            began = life.clock.monotonic()
            await life.clock.advance(1.5 * 3600)
            await life.restart()
            found = life.world.cloudformation.state.by_name["s"]
            await life.clock.until(lambda: found.status == "ROLLBACK_IN_PROGRESS", 3 * 3600)
            took = life.clock.monotonic() - began
            return await life.ended("s"), took, told(life, "s")

    status, took, events = asyncio.run(story())

    assert status == "ROLLBACK_COMPLETE", events
    assert 3 * 3600 <= took < 3 * 3600 + 60, events
    assert "Service CREATE_FAILED Resource creation did not stabilize in time" in events


def test_an_express_creation_does_not_wait_for_what_is_never_stable(life: Life) -> None:
    async def story() -> tuple[str, float]:
        async with working(life.world):
            express = {"DeploymentConfig": {"Mode": "EXPRESS"}}
            began = life.clock.monotonic()
            await life.call("CreateStack", StackName="s", TemplateBody=unplaceable(), **express)
            return await life.ended("s"), life.clock.monotonic() - began

    status, took = asyncio.run(story())

    assert status == "CREATE_COMPLETE"
    assert took < 10
