"""A world whose CloudFormation is put away and taken out again, on a clock told by hand."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.clock import VirtualClock
from localaws.cloudformation.service import CloudFormation
from localaws.faults.asked import Asked
from localaws.faults.fault import Kind
from localaws.main import build
from localaws.options import Options
from localaws.world import World

Json = dict[str, Any]


@dataclass
class Life:
    """Only CloudFormation restarts; all else stays."""

    world: World
    clock: VirtualClock

    def fault(self, match: dict[str, str], params: Json) -> None:
        self.world.faults.begin(Asked(Kind.STACK, match=match, params=params))

    async def call(self, operation: str, **params: object) -> Json:
        return await self.world.aws.call("cloudformation", operation, params)

    async def restart(self) -> None:
        await restart(self.world)

    async def until_events(self, stack: str, count: int) -> bool:
        """False: it ended before."""
        found = self.world.cloudformation.state.by_name[stack]
        first = len(found.events)
        await self.clock.until(
            lambda: len(found.events) >= first + count or not found.busy, within=600
        )
        return found.busy

    async def ended(self, stack: str) -> str:
        found = self.world.cloudformation.state.by_name[stack]
        assert await self.clock.until(lambda: not found.busy, within=600)
        return found.status

    async def groups(self, stack: str) -> dict[str, int]:
        asked = {"logGroupNamePrefix": f"/{stack}/"}
        found = await self.world.aws.call("logs", "DescribeLogGroups", asked)
        return {
            group["logGroupName"].rpartition("/")[2]: group.get("retentionInDays", 0)
            for group in found["logGroups"]
        }


async def restart(world: World) -> None:
    await world.cloudformation.stop()
    kept = pickle.dumps(world.cloudformation.state)
    world.cloudformation = CloudFormation(world)
    world.cloudformation.state = pickle.loads(kept)
    world.aws.own("cloudformation", world.cloudformation)
    await world.cloudformation.resume()


@contextmanager
def lived(home: Path) -> Iterator[Life]:
    options = Options(port=1, router_port=2, home=home, driver="sim", time_scale=0)
    world = build(options)
    assert isinstance(world.clock, VirtualClock)
    yield Life(world, world.clock)
    world.aws.moto.close()
