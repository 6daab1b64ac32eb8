"""Operations that failed and are not taken back, or cannot be: tried again, forced, skipped."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.wire import AwsError
from tests.localaws.resuming import Json, Life, lived
from tests.localaws.test_cloudformation_waiting import ran, template, told, working


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with lived(tmp_path) as life:
        yield life
        asyncio.run(clean(life))


async def clean(life: Life) -> None:
    for name in await life.groups("s"):
        asked = {"logGroupName": f"/s/{name}"}
        await life.world.aws.call("logs", "DeleteLogGroup", asked)


def groups(**days: int) -> str:
    resources = {
        name: {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": f"/s/{name}", "RetentionInDays": count},
        }
        for name, count in days.items()
    }
    return json.dumps({"Resources": resources})


async def update(life: Life, body: str, **more: object) -> str:
    await life.call("UpdateStack", StackName="s", TemplateBody=body, **more)
    return await life.ended("s")


async def made(life: Life, body: str, **more: object) -> str:
    await life.call("CreateStack", StackName="s", TemplateBody=body, **more)
    return await life.ended("s")


async def refused(life: Life, operation: str, **params: object) -> str:
    with pytest.raises(AwsError) as error:
        await life.call(operation, StackName="s", **params)
    return error.value.message


def test_what_could_not_be_updated_is_as_before_and_tried_again(life: Life) -> None:
    async def story() -> tuple[str, dict[str, int], str, dict[str, int]]:
        await made(life, groups(A=1, B=1))
        life.fault({"resource": "A", "during": "update"}, {})
        failed = await update(life, groups(A=3, B=3), DisableRollback=True)
        between = await life.groups("s")
        life.world.faults.end_all()
        again = await update(life, groups(A=3, B=3), DisableRollback=True)
        return failed, between, again, await life.groups("s")

    failed, between, again, after = asyncio.run(story())

    assert (failed, between) == ("UPDATE_FAILED", {"A": 1, "B": 3})
    assert (again, after) == ("UPDATE_COMPLETE", {"A": 3, "B": 3})


def test_what_never_was_stable_is_made_anew(life: Life) -> None:
    async def story() -> tuple[str, str, str, object]:
        async with working(life.world):
            created = await made(life, template("broken"), DisableRollback=True)
            resources = life.world.cloudformation.state.by_name["s"].resources
            first = resources["Service"].physical_id
            document = json.loads(template("broken"))
            document["Resources"]["Service"]["Properties"]["DesiredCount"] = 0
            updated = await update(life, json.dumps(document), DisableRollback=True)
            assert resources["Service"].physical_id != first, told(life, "s")
            return created, updated, first, await ran(life, "s")

    created, updated, _, running = asyncio.run(story())

    assert (created, updated) == ("CREATE_FAILED", "UPDATE_COMPLETE")
    assert running == ("broken", 0, 2)


async def stuck(life: Life) -> str:
    """A cannot be taken back; B waits for it."""
    await made(life, groups(A=1, B=1))
    life.fault({"resource": "A", "during": "rollback"}, {})
    life.fault({"resource": "C", "during": "create"}, {})
    document = json.loads(groups(A=3, B=3, C=1))
    document["Resources"]["C"]["DependsOn"] = ["A", "B"]
    return await update(life, json.dumps(document))


def test_a_rollback_is_forced_over_what_cannot_be_taken_back(life: Life) -> None:
    async def story() -> tuple[str, str, dict[str, int]]:
        failed = await stuck(life)
        await life.call("ContinueUpdateRollback", StackName="s", ForceRollback=True)
        return failed, await life.ended("s"), await life.groups("s")

    failed, forced, left = asyncio.run(story())

    assert (failed, forced) == ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE")
    assert left == {"A": 3, "B": 1}


def test_only_what_cannot_be_taken_back_is_skipped(life: Life) -> None:
    async def story() -> tuple[str, str]:
        await stuck(life)
        call = "ContinueUpdateRollback"
        both: Json = {"ResourcesToSkip": ["A"], "ForceRollback": True}
        return await refused(life, call, ResourcesToSkip=["B"]), await refused(life, call, **both)

    other, both = asyncio.run(story())

    assert "[B]" in other
    assert both == "ForceRollback and ResourcesToSkip are mutually exclusive."


def test_a_rollback_goes_on_when_what_stood_in_its_way_is_gone(life: Life) -> None:
    async def story() -> tuple[str, dict[str, int]]:
        await stuck(life)
        life.world.faults.end_all()
        await life.call("ContinueUpdateRollback", StackName="s")
        return await life.ended("s"), await life.groups("s")

    ended, left = asyncio.run(story())

    assert (ended, left) == ("UPDATE_ROLLBACK_COMPLETE", {"A": 1, "B": 1})
