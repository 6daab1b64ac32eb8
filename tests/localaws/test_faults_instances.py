"""Instances that fail, through the API: what EC2, Auto Scaling and ECS make of it together."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conformance.hosting import Hosting
from tests.conformance.place import Place
from tests.conformance.waiting import until
from tests.localaws.conftest import LocalAws
from tests.localaws.containing import push_image
from tests.localaws.test_faults import Json, ask


@pytest.fixture
def hosting(aws: LocalAws, name: str) -> Iterator[Hosting]:
    hosting = Hosting(aws, place(aws), name)
    yield hosting
    ask(aws, "DELETE")
    hosting.clean()


def place(aws: LocalAws) -> Place:
    seed = json.loads(aws.get("/_local/seed"))
    return Place(
        vpc_id=seed["vpc_id"],
        subnet_ids=tuple(seed["subnet_ids"]),
        security_group_id="",
        cluster=seed["cluster"],
        listener_arn=seed["listener_arn"],
        execution_role_arn=seed["execution_role_arn"],
        image=push_image(aws.port),
        image_id="ami-0ec5a0c0ffee00001",
        instance_profile_arn="arn:aws:iam::123456789012:instance-profile/none",
    )


def strike(aws: LocalAws, kind: str, instance: Json, **params: object) -> str:
    fault = {"kind": kind, "match": {"instance": instance["ec2InstanceId"]}, "params": params}
    made = ask(aws, "POST", body=fault)
    assert made[0] == 201, made
    return str(made[1]["id"])


def status(hosting: Hosting, instance: Json) -> Json:
    found = hosting.ec2.describe_instance_status(InstanceIds=[instance["ec2InstanceId"]])
    return dict(found["InstanceStatuses"][0])


@pytest.mark.parametrize("kind", ["instance_lost", "instance_impaired"])
def test_what_fails_its_status_checks_is_replaced(
    aws: LocalAws, hosting: Hosting, kind: str
) -> None:
    [instance] = hosting.host(1)

    strike(aws, kind, instance)
    group = hosting.group
    until(lambda: group.instances() not in ([], [instance["ec2InstanceId"]]), 30)
    hosting.until(lambda all_: any(one["agentConnected"] for one in all_))

    assert (
        "in response to an EC2 instance status check failure."
        in (group.activity("Terminating")["Cause"])
    )
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html
    arns = [one["containerInstanceArn"] for one in hosting.instances()]
    assert (instance["containerInstanceArn"] in arns) is (kind == "instance_lost")


def test_a_grace_period_keeps_a_new_instance(aws: LocalAws, hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    hosting.group.call("update_auto_scaling_group", HealthCheckGracePeriod=3600)

    fault = strike(aws, "instance_impaired", instance)
    failed = until(
        lambda: (one := status(hosting, instance))["SystemStatus"]["Status"] != "ok" and one
    )
    ask(aws, "DELETE", f"/{fault}")
    until(lambda: status(hosting, instance)["InstanceStatus"]["Status"] == "ok")

    [detail] = failed["InstanceStatus"]["Details"]
    assert (detail["Name"], detail["Status"]) == ("reachability", "failed")
    assert detail["ImpairedSince"]
    assert hosting.group.instances() == [instance["ec2InstanceId"]]


def test_a_runtime_may_be_impaired_alone(aws: LocalAws, hosting: Hosting) -> None:
    [instance] = hosting.host(1)

    strike(aws, "instance_impaired", instance, status_check=False)
    until(
        lambda: (
            hosting.instances("CONTAINER_INSTANCE_HEALTH")[0]["healthStatus"]["overallStatus"]
            == "IMPAIRED"
        )
    )

    assert status(hosting, instance)["InstanceStatus"]["Status"] == "ok"
    assert hosting.group.instances() == [instance["ec2InstanceId"]]


def test_a_host_that_is_terminated_leaves_nothing_behind(aws: LocalAws, hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    task = hosting.run(instance["containerInstanceArn"])

    fault = strike(aws, "instance_lost", instance, how="terminated")
    stopped = hosting.stopped(task)
    [new] = hosting.until(
        lambda all_: [one["ec2InstanceId"] for one in all_] not in ([], [instance["ec2InstanceId"]])
    )

    assert stopped["stopCode"] == "TerminationNotice"
    assert new["agentConnected"]
    [listed] = ask(aws, "GET")[1]["faults"]
    assert (listed["id"], listed["struck"]) == (fault, [instance["ec2InstanceId"]])


def test_an_agent_goes_and_comes_back(aws: LocalAws, hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    task = hosting.run(instance["containerInstanceArn"])

    strike(aws, "agent_disconnected", instance, returns_after=2)
    hosting.until(lambda all_: not all_[0]["agentConnected"])
    ghost = hosting.task(task)
    hosting.until(lambda all_: all_[0]["agentConnected"])

    assert (ghost["lastStatus"], ghost["connectivity"]) == ("RUNNING", "DISCONNECTED")
    assert hosting.task(task)["connectivity"] == "CONNECTED"
    assert status(hosting, instance)["InstanceStatus"]["Status"] == "ok"
