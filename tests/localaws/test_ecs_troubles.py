"""Container instances whose hosts fail, agents are away, health goes: for as long as it is told."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from localaws.drivers.driver import DID_NOT_END
from localaws.faults.asked import read
from tests.localaws.living import Json, World, tell

MAIN = {"image": "main"}
A, B = "us-east-1a", "us-east-1b"


def begin(world: World, kind: str, **more: object) -> str:
    return world.faults.begin(read({"kind": kind, **more})).id


async def look(world: World) -> None:
    await world.clock.advance(0)


def instances(world: World) -> list[Json]:
    listed = world.call("ListContainerInstances", cluster="c")["containerInstanceArns"]
    asked = {"containerInstances": listed, "include": ["CONTAINER_INSTANCE_HEALTH"]}
    return list(
        world.call("DescribeContainerInstances", cluster="c", **asked)["containerInstances"]
    )


def instance(world: World, ec2: str = "i-1") -> Json:
    return next(one for one in instances(world) if one["ec2InstanceId"] == ec2)


def add(world: World, ec2: str, zone: str = B) -> None:
    world.ecs.add_instance("c", ec2, "127.0.0.1", zone, 1_000_000, 4096)


def connected(world: World) -> dict[str, bool]:
    return {one["ec2InstanceId"]: one["agentConnected"] for one in instances(world)}


def service(world: World) -> Json:
    return dict(world.call("DescribeServices", cluster="c", services=["web"])["services"][0])


async def steady(world: World) -> None:
    await world.until(
        lambda: [one["rolloutState"] for one in service(world)["deployments"]] == ["COMPLETED"]
    )


def container(world: World) -> Any:  # noqa: ANN401
    return world.driver.launched[-1][1]


def test_what_happens_while_an_agent_is_away_is_learned_when_it_is_back() -> None:
    async def story(world: World) -> None:
        world.script("main", exits_after=60, exit_code=7)
        arn = world.run(MAIN)
        before, version = await world.running(arn), instance(world)["version"]
        await world.clock.advance(10)

        begin(world, "agent_disconnected", params={"returns_after": 300})
        await look(world)
        away = world.task(arn)
        assert (instance(world)["agentConnected"], away["connectivity"]) == (False, "DISCONNECTED")
        assert away["connectivityAt"] == before["connectivityAt"] == before["createdAt"]
        await world.clock.advance(299)
        ghost = world.task(arn)
        assert await container(world).execute((), 1) == DID_NOT_END
        back = await world.stopped(arn, within=2)

        assert ghost == away
        assert back["stopCode"] == "EssentialContainerExited"
        assert back["containers"][0]["exitCode"] == 7
        assert back["connectivity"] == "CONNECTED"
        assert (back["connectivityAt"] - before["createdAt"]).total_seconds() == 310
        assert instance(world)["agentConnected"]
        assert instance(world)["version"] >= version + 2

    tell(story)


def test_an_agent_that_never_returns_is_back_when_the_fault_ends() -> None:
    async def story(world: World) -> None:
        arn = world.run(MAIN)
        await world.running(arn)
        fault = begin(world, "agent_disconnected")
        await world.clock.advance(86_400)
        assert not instance(world)["agentConnected"]
        assert [one.id for one in world.faults.acting()] == [fault]

        world.faults.end(fault)
        await look(world)

        assert instance(world)["agentConnected"]
        task = world.task(arn)
        assert (task["lastStatus"], task["connectivity"]) == ("RUNNING", "CONNECTED")

    tell(story)


def test_a_stop_waits_for_the_agent() -> None:
    async def story(world: World) -> None:
        arn = world.run(MAIN)
        await world.running(arn)
        fault = begin(world, "agent_disconnected")
        await look(world)

        world.stop(arn)
        await world.clock.advance(3600)
        waiting = world.task(arn)
        assert (waiting["desiredStatus"], waiting["lastStatus"]) == ("STOPPED", "STOPPING")
        assert await container(world).execute((), 1) == 0
        world.faults.end(fault)
        stopped = await world.stopped(arn, within=1)

        assert stopped["containers"][0]["exitCode"] == 143

    tell(story)


def test_nothing_is_placed_where_the_agent_is_away() -> None:
    async def story(world: World) -> None:
        begin(world, "agent_disconnected")
        await look(world)
        world.register(MAIN)

        ran = world.call("RunTask", cluster="c", taskDefinition="it")
        world.serve(MAIN)
        await world.clock.advance(1)
        shown = service(world)

        assert [one["reason"] for one in ran["failures"]] == ["AGENT"]
        # as in https://github.com/segmentio/stack/issues/122
        assert 'encountered error "AGENT".' in shown["events"][0]["message"]

    tell(story)


def test_a_service_does_not_miss_tasks_whose_agent_is_away() -> None:
    async def story(world: World) -> None:
        world.serve(MAIN, count=1)
        await steady(world)
        before = world.tasks()
        add(world, "i-2")

        begin(world, "agent_disconnected", match={"instance": "i-1"})
        await world.clock.advance(3600)

        assert [one["taskArn"] for one in world.tasks()] == [one["taskArn"] for one in before]
        assert service(world)["runningCount"] == 1

    tell(story)


def test_a_task_that_starts_while_its_agent_is_away_runs_when_it_is_back() -> None:
    async def story(world: World) -> None:
        world.fault("pull_slow", seconds=30)
        arn = world.run(MAIN)
        await world.clock.advance(1)

        begin(world, "agent_disconnected", params={"returns_after": 100})
        await world.clock.advance(60)
        started = list(world.driver.names)
        assert world.task(arn)["lastStatus"] == "PENDING"
        await world.running(arn, within=50)

        assert started == ["main"]

    tell(story)


def test_an_agent_that_is_away_does_not_know_that_a_task_is_to_stop() -> None:
    async def story(world: World) -> None:
        world.fault("pull_slow", seconds=30)
        arn = world.run(MAIN)
        await world.clock.advance(1)

        fault = begin(world, "agent_disconnected")
        await look(world)
        world.stop(arn)
        await world.clock.advance(60)
        started, known = list(world.driver.names), world.task(arn)
        world.faults.end(fault)
        stopped = await world.stopped(arn, within=1)

        assert (started, known["lastStatus"]) == (["main"], "PENDING")
        assert stopped["containers"][0]["exitCode"] == 143

    tell(story)


def test_nothing_starts_on_a_lost_host() -> None:
    async def story(world: World) -> None:
        world.fault("pull_slow", seconds=30)
        arn = world.run(MAIN)
        await world.clock.advance(1)

        fault = begin(world, "instance_lost")
        await world.clock.advance(60)
        assert await container(world).execute((), 1) == DID_NOT_END
        assert world.task(arn)["lastStatus"] == "PENDING"
        world.faults.end(fault)

        assert (await world.stopped(arn, within=1))["stopCode"] == "EssentialContainerExited"

    tell(story)


def test_a_lost_host_takes_its_containers_along_and_ecs_learns_of_it_when_it_is_back() -> None:
    async def story(world: World) -> None:
        world.serve(MAIN)
        await steady(world)
        [task] = world.tasks()
        lost = container(world)

        fault = begin(world, "instance_lost")
        await world.clock.advance(3600)
        ended = await lost.execute((), 1)
        known = world.task(task["taskArn"])
        assert (known["lastStatus"], known["connectivity"]) == ("RUNNING", "DISCONNECTED")
        assert set(world.faults.failed_checks) == {"i-1"}
        world.faults.end(fault)
        stopped = await world.stopped(task["taskArn"], within=1)
        await world.until(lambda: [one["lastStatus"] for one in world.tasks()] == ["RUNNING"])

        assert ended == DID_NOT_END
        assert stopped["stopCode"] == "EssentialContainerExited"
        assert "exitCode" not in stopped["containers"][0]
        assert world.faults.failed_checks == {}

    tell(story)


def test_tasks_of_a_lost_host_are_replaced_once_it_is_deregistered() -> None:
    async def story(world: World) -> None:
        world.serve(MAIN)
        await steady(world)
        [task] = world.tasks()
        add(world, "i-2")
        begin(world, "instance_lost", match={"instance": "i-1"})
        await world.clock.advance(60)

        world.ecs.machines_changed("terminated", ["i-1"])
        world.faults.end_all()
        await world.clock.advance(60)
        assert connected(world) == {"i-1": False, "i-2": True}
        gone = {"containerInstance": instance(world)["containerInstanceArn"], "force": True}
        world.call("DeregisterContainerInstance", cluster="c", **gone)
        await world.until(lambda: [one["lastStatus"] for one in world.tasks()] == ["RUNNING"])

        assert world.task(task["taskArn"])["lastStatus"] == "STOPPED"
        [new] = world.tasks()
        assert new["containerInstanceArn"] == instance(world, "i-2")["containerInstanceArn"]

    tell(story)


def test_a_zone_is_lost_and_comes_back() -> None:
    async def story(world: World) -> None:
        for ec2, zone in (("i-2", A), ("i-3", B)):
            add(world, ec2, zone)

        fault = begin(world, "instance_lost", match={"zone": A})
        await look(world)
        lost = connected(world)
        add(world, "i-4", A)
        await look(world)
        with_new = connected(world)
        world.faults.end(fault)
        await look(world)

        assert lost == {"i-1": False, "i-2": False, "i-3": True}
        assert with_new == {**lost, "i-4": False}
        assert set(connected(world).values()) == {True}

    tell(story)


def test_it_strikes_so_many_and_lasts_for_these() -> None:
    async def story(world: World) -> None:
        add(world, "i-2")

        begin(world, "instance_lost", times=1)
        await world.clock.advance(600)

        assert sorted(connected(world).values()) == [False, True]
        assert [one.hits for one in world.faults.acting()] == [1]

    tell(story)


def test_a_fault_acts_in_its_time() -> None:
    async def story(world: World) -> None:
        begin(world, "agent_disconnected", **{"at": "1m", "for": "2m"})
        seen = []
        for seconds in (59, 2, 118, 2):
            await world.clock.advance(seconds)
            seen.append(instance(world)["agentConnected"])

        assert seen == [True, False, False, True]

    tell(story)


def test_a_host_may_be_terminated() -> None:
    async def story(world: World) -> None:
        fault = {"params": {"how": "terminated"}, "match": {"instance": "i-1"}}
        begin(world, "instance_lost", **fault)
        await world.clock.advance(60)

        ended = [asked for name, asked in world.around.called if name == "TerminateInstances"]
        assert ended == [{"InstanceIds": ["i-1"]}]
        assert world.faults.failed_checks == {}

    tell(story)


@pytest.mark.parametrize("status_check", [True, False])
def test_an_impaired_instance_says_so_until_it_is_well(status_check: bool) -> None:
    async def story(world: World) -> None:
        params = {"status_check": status_check, "reason": "dockerd hangs"}
        fault = begin(world, "instance_impaired", params=params)
        await look(world)
        sick, failed = instance(world)["healthStatus"], set(world.faults.failed_checks)
        await world.clock.advance(60)
        world.faults.end(fault)
        await look(world)
        well = instance(world)["healthStatus"]

        assert sick["overallStatus"] == "IMPAIRED"
        [check] = sick["details"]
        assert (check["type"], check["status"]) == ("CONTAINER_RUNTIME", "IMPAIRED")
        assert check["statusReason"] == "dockerd hangs"
        assert failed == ({"i-1"} if status_check else set())
        assert well["overallStatus"] == "OK"
        changed = well["details"][0]["lastStatusChange"] - check["lastStatusChange"]
        assert changed.total_seconds() == 60
        told = [
            one["overallStatus"]
            for one in world.around.told("ECS Container Instance Health Change")
        ]
        assert told == ["IMPAIRED", "OK"]
        assert instance(world)["agentConnected"]

    tell(story)


def test_what_a_restart_ended_is_learned_when_the_agent_is_back() -> None:
    async def story(world: World) -> None:
        arn = world.run(MAIN)
        await world.running(arn)
        fault = begin(world, "agent_disconnected")
        await look(world)

        world.driver.launched.clear()  # none is found again
        await world.restart()
        await world.clock.advance(60)
        away = world.task(arn)
        world.faults.end(fault)
        stopped = await world.stopped(arn, within=1)

        assert (away["lastStatus"], away["containers"][0]["lastStatus"]) == ("RUNNING", "RUNNING")
        assert stopped["stopCode"] == "EssentialContainerExited"

    tell(story)


def test_an_agent_is_back_when_the_fault_ended_before_a_restart() -> None:
    async def story(world: World) -> None:
        arns = [world.run(MAIN) for _ in range(3)]
        for arn in arns:
            await world.running(arn)
        fault = begin(world, "agent_disconnected")
        await look(world)
        saved = pickle.dumps(world.ecs.state)

        world.faults.end(fault)
        await world.restart(saved)
        await world.clock.advance(60)

        assert instance(world)["agentConnected"]
        assert {world.task(arn)["connectivity"] for arn in arns} == {"CONNECTED"}
        assert {world.task(arn)["lastStatus"] for arn in arns} == {"RUNNING"}

    tell(story)


def test_an_agent_is_away_through_a_restart() -> None:
    async def story(world: World) -> None:
        running, stopping = world.run(MAIN), world.run(MAIN)
        await world.running(running)
        await world.running(stopping)
        fault = begin(world, "agent_disconnected")
        await look(world)
        world.stop(stopping)
        await world.clock.advance(60)

        await world.restart()
        await world.clock.advance(60)
        away = [world.task(arn)["lastStatus"] for arn in (running, stopping)]
        world.faults.end(fault)
        await world.stopped(stopping, within=1)

        assert away == ["RUNNING", "STOPPING"]
        assert world.task(running)["lastStatus"] == "RUNNING"
        assert world.task(running)["connectivity"] == "CONNECTED"

    tell(story)
