"""Of many stack operations only some work at once; those that wait let others work."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.cloudformation.runs import AT_ONCE
from tests.localaws.resuming import Life, lived

MANY = AT_ONCE * 3


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with lived(tmp_path) as life:
        yield life


async def create(life: Life, *names: str) -> None:
    resource = {"Type": "AWS::Logs::LogGroup", "Properties": {}}
    for name in names:
        body = json.dumps({"Resources": {"Logs": resource}})
        await life.call("CreateStack", StackName=name, TemplateBody=body)


def at_work(life: Life) -> int:
    """Stacks whose resources have been begun."""
    return sum(1 for stack in life.world.cloudformation.state.all_live() if stack.states)


def test_the_others_wait_for_their_turn(life: Life) -> None:
    async def story() -> tuple[int, int, set[str]]:
        names = [f"many-{number}" for number in range(MANY)]
        await create(life, *names)
        await life.clock.advance(0)
        first = at_work(life)
        await life.clock.advance(life.world.stack_resource_seconds)
        return first, at_work(life), {await life.ended(name) for name in names}

    first, then, ended = asyncio.run(story())

    assert (first, then) == (AT_ONCE, 2 * AT_ONCE)
    assert ended == {"CREATE_COMPLETE"}


def test_what_takes_long_holds_nobody_up(life: Life) -> None:
    async def story() -> str:
        life.fault({"stack": "slow-*"}, {"seconds": 3600.0, "fails": False})
        await create(life, *(f"slow-{number}" for number in range(MANY)), "quick")
        await life.clock.advance(10)
        return life.world.cloudformation.state.by_name["quick"].status

    assert asyncio.run(story()) == "CREATE_COMPLETE"


def test_what_waits_for_its_turn_can_be_deleted(life: Life) -> None:
    async def story() -> tuple[str, str]:
        names = [f"many-{number}" for number in range(MANY)]
        await create(life, *names)
        await life.call("DeleteStack", StackName=names[-1])
        return await life.ended(names[-1]), await life.ended(names[0])

    assert asyncio.run(story()) == ("DELETE_COMPLETE", "CREATE_COMPLETE")
