"""A scenario in YAML, lived through: a fault is listed while it acts; things go on after it."""

from __future__ import annotations

import json
from datetime import timedelta

from localaws.faults import scenario
from localaws.faults.api import FaultsApi
from localaws.wire.request import Request
from tests.localaws.alone import World, steady, tell

HOUR = 3600.0
SCENARIO = """
faults:
  - {id: denied, kind: pull_denied, match: {service: web}, at: 1h, for: 5m}
  - {id: missing, kind: pull_missing, match: {image: "x*"}, at: 2h, for: 5m}
  - {id: full, kind: disk_full, match: {cluster: c}, at: 3h, for: 5m}
  - {id: exits, kind: exit, params: {code: 3, after: 2}, at: 4h, for: 300}
  - {id: memory, kind: out_of_memory, match: {family: web}, params: {after: 1}, at: 5h, for: 5m}
  - {id: crashes, kind: healthy_then_crash, params: {code: 4, after: 5}, at: 6h, for: 5m}
  - {id: slow, kind: pull_slow, params: {seconds: 90}, at: 7h, for: 5m}
  - {id: elsewhere, kind: exit, match: {service: other}, at: 8h, for: 5m}
"""
ENDS = {  # what is told of the tasks that each stops
    "denied": "pull access denied for x",
    "missing": "manifest unknown: Requested image not found",
    "full": "no space left on device",
    "exits": "Essential container in task exited",
    "memory": "OutOfMemoryError",
    "crashes": "Essential container in task exited",
}
EXIT_CODES = {"exits": 3, "memory": 137, "crashes": 4}


def test_a_scenario_runs_over_time_and_things_go_well_after_each_fault() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        world.faults.replace(scenario.read(SCENARIO.encode()))
        begun = world.clock.now()
        for number, name in enumerate((*ENDS, "slow", "elsewhere"), start=1):
            at = begun + timedelta(hours=number)
            await world.clock.advance((at - world.clock.now()).total_seconds() + 1)
            assert await listed(world) == [name]
            await trouble(world, name)
            end = at + timedelta(minutes=5)
            await world.clock.advance((end - world.clock.now()).total_seconds())
            assert await listed(world) == []
            await world.until(lambda: healthy(world), 0.75 * HOUR)  # backing off takes a while

    tell(story)


async def listed(world: World) -> list[str]:
    """As `GET /_local/faults` does."""
    request = Request("GET", "/_local/faults", "", (), b"")
    status, answer = await FaultsApi(world.faults).answer(request)
    assert status == 200
    return [one["id"] for one in json.loads(json.dumps(answer))["faults"]]


async def trouble(world: World, name: str) -> None:
    """The service has to replace its tasks, under the fault."""
    former = running(world)
    for arn in former:
        world.call("StopTask", cluster="c", task=arn)
    if name == "elsewhere":
        await world.until(lambda: healthy(world) and not former & running(world), 60)
    elif name == "slow":
        await world.clock.advance(60)
        assert running(world) == set()
    else:
        await world.until(lambda: any(told(task, name) for task in stopped(world, former)), 200)


def told(task: dict[str, object], name: str) -> bool:
    containers = task["containers"]
    assert isinstance(containers, list)
    said = f"{task['stoppedReason']} {containers[0].get('reason')}"
    return ENDS[name] in said and containers[0].get("exitCode") == EXIT_CODES.get(name)


def stopped(world: World, former: set[str]) -> list[dict[str, object]]:
    arns = world.call("ListTasks", cluster="c", desiredStatus="STOPPED")["taskArns"]
    others = [arn for arn in arns if arn not in former][:100]
    return described(world, others) if others else []


def running(world: World) -> set[str]:
    arns = world.call("ListTasks", cluster="c", desiredStatus="RUNNING")["taskArns"]
    tasks = described(world, arns) if arns else []
    return {str(one["taskArn"]) for one in tasks if one["lastStatus"] == "RUNNING"}


def described(world: World, arns: list[str]) -> list[dict[str, object]]:
    tasks = world.call("DescribeTasks", cluster="c", tasks=arns)["tasks"]
    return [one for one in tasks if one["lastStatus"] in ("RUNNING", "STOPPED")]


def healthy(world: World) -> bool:
    return bool(world.service()["runningCount"] == 2) and len(running(world)) == 2
