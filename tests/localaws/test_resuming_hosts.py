"""Groups and their container instances after a restart: nothing is lost, doubled or left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.faults.asked import read
from localaws.wire import AwsError
from tests.localaws.clustering import Cluster, Json, tell

GONE = ("shutting-down", "terminated")
LAUNCHING, TERMINATING = "EC2_INSTANCE_LAUNCHING", "EC2_INSTANCE_TERMINATING"


async def host(c: Cluster, count: int) -> None:
    await c.ecs("CreateCluster", clusterName="c")
    await c.make_template()
    await c.make_group(c.group_name, 0, 6)
    await scale(c, count)
    await c.clock.advance(1)


async def scale(c: Cluster, count: int) -> None:
    await c.scale("SetDesiredCapacity", DesiredCapacity=count)


async def hook(c: Cluster, transition: str) -> None:
    await c.scale(
        "PutLifecycleHook",
        LifecycleHookName="h",
        LifecycleTransition=f"autoscaling:{transition}",
        HeartbeatTimeout=300,
        DefaultResult="CONTINUE",
    )


async def complete(c: Cluster) -> None:
    [waiting] = [one for one in await members(c) if one["LifecycleState"].endswith("Wait")]
    await c.scale(
        "CompleteLifecycleAction",
        LifecycleHookName="h",
        InstanceId=waiting["InstanceId"],
        LifecycleActionResult="CONTINUE",
    )
    await c.clock.advance(1)


async def members(c: Cluster) -> list[Json]:
    return list((await c.group())["Instances"])


async def states(c: Cluster) -> list[str]:
    return sorted(one["LifecycleState"] for one in await members(c))


async def running(c: Cluster) -> set[str]:
    """EC2's own, that were launched for the group."""
    tag = {"Name": "tag:aws:autoscaling:groupName", "Values": [c.group_name]}
    found = await c.call("ec2", "DescribeInstances", Filters=[tag])
    machines = [one for each in found["Reservations"] for one in each["Instances"]]
    return {one["InstanceId"] for one in machines if one["State"]["Name"] not in GONE}


async def registered(c: Cluster) -> set[str]:
    return {one["ec2InstanceId"] for one in await c.instances()}


async def in_step(c: Cluster, count: int) -> None:
    """EC2, the group and the cluster know the same instances."""
    there = await running(c)
    assert len(there) == count
    assert {one["InstanceId"] for one in await members(c)} == there
    assert await registered(c) == there


def test_an_account_of_many_instances_loses_none(tmp_path: Path) -> None:
    """EC2's answers are of a hundred reservations each."""

    async def story(c: Cluster) -> None:
        for _ in range(101):
            await c.call("ec2", "RunInstances", ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
        await host(c, 1)

        await c.restart()
        await c.clock.advance(1)

        await in_step(c, 1)

    tell(tmp_path, story)


def test_an_instance_launched_when_it_was_killed_is_of_the_group(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 1)
        await scale(c, 2)
        kept = c.keep()
        await c.clock.advance(1)
        there = await running(c)

        await c.restart(kept)
        await c.clock.advance(1)

        assert len(there) == 2
        await in_step(c, 2)
        assert await running(c) == there
        assert await states(c) == ["InService", "InService"]

    tell(tmp_path, story)


@pytest.mark.parametrize("how", ["Terminate", "Stop"])
def test_an_instance_ended_when_it_was_killed_is_missed(tmp_path: Path, how: str) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 1)
        [task] = await c.run(1, 64)
        await c.clock.advance(1)
        [ended] = await running(c)
        kept = c.keep()
        await c.call("ec2", f"{how}Instances", InstanceIds=[ended])

        await c.restart(kept)
        await c.clock.advance(1)

        [stopped] = await c.tasks(task)
        assert stopped["lastStatus"] == "STOPPED"
        verb = {"Terminate": "terminated", "Stop": "stopped"}[how]
        assert stopped["stoppedReason"] == f"Host EC2 (instance {ended}) {verb}."
        [new] = await running(c)
        assert new != ended
        assert new in await registered(c)
        assert (ended in await registered(c)) is (how == "Stop")

    tell(tmp_path, story)


def test_a_host_that_boots_registers(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        c.world.instance_boot_seconds = 60
        await host(c, 1)
        await c.clock.advance(30)
        before = await registered(c)

        await c.restart()
        await c.clock.advance(61)

        assert before == set()
        await in_step(c, 1)

    tell(tmp_path, story)


def test_a_host_that_was_terminated_while_it_booted_does_not_register(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        c.world.instance_boot_seconds = 60
        await host(c, 1)
        kept = c.keep()
        await c.call("ec2", "TerminateInstances", InstanceIds=list(await running(c)))

        await c.restart(kept)
        await c.clock.advance(120)

        await in_step(c, 1)

    tell(tmp_path, story)


def test_a_host_that_was_stopped_while_it_booted_registers_when_it_is_started(
    tmp_path: Path,
) -> None:
    async def story(c: Cluster) -> None:
        c.world.instance_boot_seconds = 60
        await host(c, 0)
        data = {"LaunchTemplateName": c.template}
        made = await c.call("ec2", "RunInstances", LaunchTemplate=data, MinCount=1, MaxCount=1)
        [machine] = [one["InstanceId"] for one in made["Instances"]]
        await c.call("ec2", "StopInstances", InstanceIds=[machine])
        await c.clock.advance(120)
        assert await registered(c) == set()

        await c.call("ec2", "StartInstances", InstanceIds=[machine])
        await c.clock.advance(61)

        assert await registered(c) == {machine}

    tell(tmp_path, story)


def test_a_hook_waits_through_a_restart(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 0)
        await hook(c, LAUNCHING)
        await scale(c, 1)
        await c.clock.advance(1)

        await c.restart()
        await c.clock.advance(1)
        assert await states(c) == ["Pending:Wait"]
        await complete(c)

        assert await states(c) == ["InService"]
        await in_step(c, 1)

    tell(tmp_path, story)


def test_a_hooks_time_runs_on_through_a_restart(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 1)
        await hook(c, TERMINATING)
        await scale(c, 0)
        await c.clock.advance(200)

        await c.restart()
        await c.clock.advance(90)
        waiting = await states(c)
        await c.clock.advance(20)

        assert waiting == ["Terminating:Wait"]
        await in_step(c, 0)

    tell(tmp_path, story)


def test_an_instance_that_was_detached_stays_out(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 1)
        [alone] = await running(c)
        await c.scale("DetachInstances", InstanceIds=[alone], ShouldDecrementDesiredCapacity=True)

        await c.restart()
        await c.clock.advance(60)

        assert await members(c) == []
        assert await running(c) == await registered(c) == {alone}

    tell(tmp_path, story)


def test_a_drain_goes_on(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 2)
        await c.define(64)
        await c.ecs(
            "CreateService", cluster="c", serviceName="s", taskDefinition="web", desiredCount=2
        )
        await c.clock.advance(10)
        leaving = (await c.instances())[0]["containerInstanceArn"]
        asked = {"cluster": "c", "containerInstances": [leaving], "status": "DRAINING"}
        await c.ecs("UpdateContainerInstancesState", **asked)

        await c.restart()
        await c.clock.advance(60)

        shown = {one["containerInstanceArn"]: one for one in await c.instances()}
        assert shown[leaving]["status"] == "DRAINING"
        counts = {arn == leaving: one["runningTasksCount"] for arn, one in shown.items()}
        assert counts == {True: 0, False: 2}

    tell(tmp_path, story)


def test_a_launch_that_failed_is_tried_again(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        match = {"group": c.group_name}
        fault = c.world.faults.begin(read({"kind": "no_capacity", "match": match}))
        await host(c, 1)
        await c.clock.advance(20)
        assert await members(c) == []

        await c.restart()
        c.world.faults.end(fault.id)
        await c.clock.advance(16)

        await in_step(c, 1)

    tell(tmp_path, story)


def test_a_cooldown_runs_on(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await host(c, 0)
        made = await c.scale(
            "PutScalingPolicy",
            PolicyName="more",
            PolicyType="SimpleScaling",
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=1,
            Cooldown=300,
        )
        execute = {"PolicyName": made["PolicyARN"], "HonorCooldown": True}
        await c.scale("ExecutePolicy", **execute)
        await c.clock.advance(200)

        await c.restart()
        with pytest.raises(AwsError) as refused:
            await c.scale("ExecutePolicy", **execute)
        await c.clock.advance(101)
        await c.scale("ExecutePolicy", **execute)
        await c.clock.advance(1)

        assert refused.value.code == "ScalingActivityInProgress"
        await in_step(c, 2)

    tell(tmp_path, story)
