"""A thousand simulated tasks of ECS, on a clock told by hand: what each takes, and weighs.

Beside them, in the same run, as many bare coroutines that sleep on the same kind of clock. A
number on the command line asks for another count, ten thousand for one: what a task takes stays.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.support import children, homes
from localaws.clock import VirtualClock
from localaws.main import build
from localaws.options import Options
from localaws.world import World

TASKS = int(sys.argv[1]) if sys.argv[1:] else 1_000
SERVICES, INSTANCES = 10, 20
WITHIN = 3600.0  # AWS's seconds, for all tasks of a change to come to their end
HOUR = 3600.0
CONTAINER = {"name": "main", "image": "sim:latest", "cpu": 16, "memory": 64}


@dataclass(frozen=True)
class Row:
    name: str
    cpu: float  # seconds
    megabytes: float  # more than before


def main() -> None:
    with homes.temporary() as home:
        home.mkdir()
        bare = asyncio.run(_bare())
        rows = asyncio.run(_tasks(home))
    print(f"{f'{TASKS} tasks':24}{'seconds':>10}{'ms a task':>11}{'x bare':>9}{'KB a task':>11}")
    for row in (bare, *rows):
        each = f"{row.cpu / TASKS * 1e3:11.3f}{row.cpu / bare.cpu:9.1f}"
        print(f"{row.name:24}{row.cpu:10.2f}{each}{row.megabytes / TASKS * 1e3:11.1f}")


async def _bare() -> Row:
    clock = VirtualClock()
    alive: list[asyncio.Task[None]] = []

    async def sleep() -> None:
        alive.extend(asyncio.create_task(clock.sleep(1)) for _ in range(TASKS))
        await clock.advance(1)

    return await _measured("bare coroutines", sleep())


async def _tasks(home: Path) -> Sequence[Row]:
    ports = children.free_port(), children.free_port()
    world = build(Options(*ports, home, driver="sim", time_scale=0))
    await world.ecs.start()
    try:
        await _instances(world)
        await world.aws.call("ecs", "RegisterTaskDefinition", _definition())
        return [
            await _measured("started", _start(world)),
            await _measured("left for an hour", _pass(world, HOUR)),
            await _measured("rolled over", _roll(world)),
            await _measured("stopped", _stop(world)),
        ]
    finally:
        await world.ecs.stop()
        world.aws.moto.close()


async def _measured(name: str, work: Awaitable[None]) -> Row:
    process = psutil.Process()
    gc.collect()
    before, began = process.memory_info().rss, time.process_time()
    await work
    took = time.process_time() - began
    gc.collect()
    return Row(name, took, (process.memory_info().rss - before) / 1e6)


async def _instances(world: World) -> None:
    """Room for the tasks and half as many again."""
    await world.aws.call("ecs", "CreateCluster", {"clusterName": world.cluster})
    room = int(TASKS / INSTANCES * 1.5)
    for number in range(INSTANCES):
        world.ecs.add_instance(
            world.cluster,
            f"i-{number:017}",
            f"127.0.1.{number + 1}",
            world.region + "ab"[number % 2],
            cpu=room * 16,
            memory=room * 64,
        )


def _definition() -> dict[str, object]:
    return {"family": "bench", "containerDefinitions": [CONTAINER]}


async def _start(world: World) -> None:
    for number in range(SERVICES):
        asked = {"serviceName": _name(number), "taskDefinition": "bench"}
        count = {"desiredCount": TASKS // SERVICES}
        await world.aws.call("ecs", "CreateService", {"cluster": world.cluster, **asked, **count})
    await _until(world, TASKS)


async def _roll(world: World) -> None:
    for number in range(SERVICES):
        asked = {"cluster": world.cluster, "service": _name(number), "forceNewDeployment": True}
        await world.aws.call("ecs", "UpdateService", asked)
    await _until(world, TASKS)


async def _stop(world: World) -> None:
    for number in range(SERVICES):
        asked = {"cluster": world.cluster, "service": _name(number), "desiredCount": 0}
        await world.aws.call("ecs", "UpdateService", asked)
    await _until(world, 0)


async def _until(world: World, running: int) -> None:
    """So many run, and every deployment is over."""
    for _ in range(int(WITHIN / 10)):
        await _pass(world, 10)
        shown = await world.aws.call(
            "ecs",
            "DescribeServices",
            {"cluster": world.cluster, "services": [_name(number) for number in range(SERVICES)]},
        )
        services = shown["services"]
        rolling = any(len(one["deployments"]) > 1 for one in services)
        if not rolling and sum(one["runningCount"] for one in services) == running:
            return
    raise SystemExit(f"There were not {running} tasks within {WITHIN:.0f} seconds of AWS.")


async def _pass(world: World, seconds: float) -> None:
    assert isinstance(world.clock, VirtualClock)
    await world.clock.advance(seconds)


def _name(number: int) -> str:
    return f"bench-{number}"


if __name__ == "__main__":
    main()
