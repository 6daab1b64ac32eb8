"""Container instances and their groups go on after a kill of the whole local AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localaws.conftest import until
from tests.localaws.containing import push_image
from tests.localaws.killing import Json, Life

GROUP = {"AutoScalingGroupName": "palatine"}
HOOK = {**GROUP, "LifecycleHookName": "h"}


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.end()


def instances(life: Life) -> dict[str, Json]:
    """By EC2 id."""
    ecs = life.aws.client("ecs")
    listed = ecs.list_container_instances(cluster="palatine")["containerInstanceArns"]
    found = ecs.describe_container_instances(cluster="palatine", containerInstances=listed)
    return {one["ec2InstanceId"]: one for one in found["containerInstances"]}


def connected(life: Life) -> list[bool]:
    return [one["agentConnected"] for one in instances(life).values()]


def members(life: Life) -> dict[str, str]:
    """Their lifecycle states."""
    autoscaling = life.aws.client("autoscaling")
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["palatine"])
    [group] = found["AutoScalingGroups"]
    return {one["InstanceId"]: one["LifecycleState"] for one in group["Instances"]}


def test_an_agent_stays_away_through_a_kill(life: Life) -> None:
    life.register("it", {"image": push_image(life.aws.port)})
    task = life.run("it")
    life.becomes(task, "RUNNING")
    life.faults({"kind": "agent_disconnected"})
    until(lambda: connected(life) == [False, False])
    life.written()

    life.killed()
    away, ghost = connected(life), life.task(task)
    life.faults()
    until(lambda: connected(life) == [True, True])
    stopped = life.becomes(task, "STOPPED")

    assert away == [False, False]
    assert (ghost["lastStatus"], ghost["connectivity"]) == ("RUNNING", "DISCONNECTED")
    assert stopped["connectivity"] == "CONNECTED"


def test_an_instance_waits_for_its_hook_through_a_kill(life: Life) -> None:
    autoscaling = life.aws.client("autoscaling")
    transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    autoscaling.put_lifecycle_hook(**HOOK, LifecycleTransition=transition)
    leaving, staying = members(life)
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=leaving, ShouldDecrementDesiredCapacity=False
    )
    until(lambda: sorted(members(life).values()) == ["InService", "InService", "Terminating:Wait"])
    life.written()

    life.killed()
    waiting = members(life)
    life.aws.client("autoscaling").complete_lifecycle_action(
        **HOOK, InstanceId=leaving, LifecycleActionResult="CONTINUE"
    )
    until(lambda: leaving not in members(life) and len(instances(life)) == 2)

    assert waiting[leaving] == "Terminating:Wait"
    assert staying in members(life)
    assert instances(life).keys() == members(life).keys()
    assert connected(life) == [True, True]
