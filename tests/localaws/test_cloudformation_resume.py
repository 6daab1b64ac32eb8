"""Stack operations that are stopped after any of their events, and gone on with elsewhere."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.main import build
from localaws.options import Options
from tests.localaws.resuming import Json, Life, lived, restart

MOST_EVENTS = 60


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with lived(tmp_path) as life:
        yield life


def group(stack: str, name: str, days: int, **more: object) -> Json:
    properties = {"LogGroupName": f"/{stack}/{name}", "RetentionInDays": days}
    return {"Type": "AWS::Logs::LogGroup", "Properties": properties, **more}


def first(stack: str) -> str:
    resources = {
        "A": group(stack, "a", 1),
        "B": group(stack, "b", 1, DependsOn="A"),
        "C": group(stack, "c", 1),
    }
    return json.dumps({"Resources": resources, "Outputs": {"Out": {"Value": {"Ref": "B"}}}})


def second(stack: str) -> str:
    """A changed, B replaced, C gone, D new."""
    resources = {
        "A": group(stack, "a", 3),
        "B": group(stack, "b2", 1, DependsOn="A"),
        "D": group(stack, "d", 5, DependsOn="B"),
    }
    return json.dumps({"Resources": resources, "Outputs": {"Out": {"Value": {"Ref": "B"}}}})


FIRST, SECOND = {"a": 1, "b": 1, "c": 1}, {"a": 3, "b2": 1, "d": 5}


async def cut_everywhere(life: Life, operation: str) -> int:
    """How often it was cut."""
    for count in range(1, MOST_EVENTS):
        stack = f"{operation}-{count}"
        await begin(life, operation, stack)
        cut = await life.until_events(stack, count)
        await life.restart()
        await life.ended(stack)
        await check(life, operation, stack)
        if not cut:
            return count - 1
    raise AssertionError("it does not end")


async def begin(life: Life, operation: str, stack: str) -> None:
    if operation in ("create", "fail"):
        life.world.faults.end_all()
        if operation == "fail":
            life.fault({"resource": "B", "during": "create"}, {})
        await life.call("CreateStack", StackName=stack, TemplateBody=first(stack))
        return
    life.world.faults.end_all()
    await life.call("CreateStack", StackName=stack, TemplateBody=first(stack))
    assert await life.ended(stack) == "CREATE_COMPLETE"
    if operation == "delete":
        await life.call("DeleteStack", StackName=stack)
        return
    if operation == "rollback":
        life.fault({"resource": "D", "during": "create"}, {})
    await life.call("UpdateStack", StackName=stack, TemplateBody=second(stack))


async def check(life: Life, operation: str, stack: str) -> None:
    found = life.world.cloudformation.state.by_name[stack]
    status, outputs, groups = {
        "create": ("CREATE_COMPLETE", {"Out": f"/{stack}/b"}, FIRST),
        "update": ("UPDATE_COMPLETE", {"Out": f"/{stack}/b2"}, SECOND),
        "rollback": ("UPDATE_ROLLBACK_COMPLETE", {"Out": f"/{stack}/b"}, FIRST),
        "fail": ("ROLLBACK_COMPLETE", {}, {}),
        "delete": ("DELETE_COMPLETE", {}, {}),
    }[operation]
    told = [(event.logical_id, event.status, event.reason) for event in found.events]
    assert found.status == status, told
    assert found.outputs == outputs
    assert await life.groups(stack) == groups, told
    assert found.doing is None


@pytest.mark.parametrize("operation", ["create", "update", "rollback", "fail", "delete"])
def test_an_operation_goes_on_from_wherever_it_was_stopped(life: Life, operation: str) -> None:
    cuts = asyncio.run(cut_everywhere(life, operation))

    assert cuts >= 5


def test_a_cancelled_update_is_still_cancelled_after_a_restart(life: Life) -> None:
    async def story() -> str:
        await life.call("CreateStack", StackName="s", TemplateBody=first("s"))
        await life.ended("s")
        life.fault({"resource": "B"}, {"seconds": 60.0, "fails": False})
        await life.call("UpdateStack", StackName="s", TemplateBody=second("s"))
        await life.clock.advance(10)
        await life.call("CancelUpdateStack", StackName="s")
        await life.restart()
        life.world.faults.end_all()
        return await life.ended("s")

    assert asyncio.run(story()) == "UPDATE_ROLLBACK_COMPLETE"
    assert asyncio.run(life.groups("s")) == FIRST


def test_a_creation_times_out_when_it_would_have(life: Life) -> None:
    async def story() -> tuple[str, float]:
        life.fault({"resource": "B"}, {"seconds": 900.0, "fails": False})
        params = {"StackName": "late", "TemplateBody": first("late"), "TimeoutInMinutes": 5}
        await life.call("CreateStack", **params)
        began = life.clock.monotonic()
        await life.clock.advance(200)
        await life.restart()
        life.world.faults.end_all()
        life.fault({"resource": "B", "during": "create"}, {"seconds": 900.0, "fails": False})
        status = await life.ended("late")
        return status, life.clock.monotonic() - began

    status, took = asyncio.run(story())

    assert status == "ROLLBACK_COMPLETE"
    assert 300 <= took < 310


def test_what_a_handler_has_begun_is_known_after_a_stop_at_any_moment(tmp_path: Path) -> None:
    """In real time: the stop comes while moto works."""
    world = build(Options(port=1, router_port=2, home=tmp_path))
    world.stack_resource_seconds = 0

    async def story(moment: int) -> str:
        name = f"moment-{moment}"
        params = {"StackName": name, "TemplateBody": first(name)}
        await world.aws.call("cloudformation", "CreateStack", params)
        await asyncio.sleep(moment * 0.0004)
        await restart(world)
        stack = world.cloudformation.state.by_name[name]
        while stack.busy:
            await asyncio.sleep(0.001)
        return stack.status

    async def stories() -> set[str]:
        await world.aws.call("logs", "DescribeLogGroups", {})  # moto is loaded
        return {await story(moment) for moment in range(40)}

    assert asyncio.run(stories()) == {"CREATE_COMPLETE"}
    world.aws.moto.close()
