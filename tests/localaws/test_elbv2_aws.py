"""The load balancer and the registry as parts of the local AWS: through boto3 and its own ports."""

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.image import push_directory
from tests.localaws.conftest import LocalAws, until
from tests.localaws.standing import serving

SAMPLE = Path(__file__).parents[2] / "docker" / "samples" / "hello"


@pytest.fixture
def seeded(aws: LocalAws) -> dict[str, Any]:
    seed: dict[str, Any] = until(lambda: json.loads(aws.get("/_local/seed")))
    return seed


def test_a_target_from_registration_to_its_end(
    aws: LocalAws, seeded: dict[str, Any], name: str
) -> None:
    elb, host = aws.client("elbv2"), f"{name}.localhost"
    group = elb.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=seeded["vpc_id"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    rule = elb.create_rule(
        ListenerArn=seeded["listener_arn"],
        Priority=4711,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Rules"][0]["RuleArn"]

    with serving(name) as server:
        target = {"Id": "127.0.0.1", "Port": server.port}
        elb.register_targets(TargetGroupArn=group, Targets=[target])
        until(lambda: states(elb, group) == ["healthy"])
        status, body = ask(aws, f"{host}:{aws.router_port}")
        elb.deregister_targets(TargetGroupArn=group, Targets=[target])
        draining = states(elb, group)
        until(lambda: states(elb, group) == [])

    assert (status, json.loads(body)["server"]) == (200, name)
    assert draining == ["draining"]
    assert ask(aws, host)[0] == 503
    elb.delete_rule(RuleArn=rule)
    elb.delete_target_group(TargetGroupArn=group)
    assert ask(aws, host)[0] == 404


def test_a_refusal_is_one_boto3_knows(aws: LocalAws, seeded: dict[str, Any], name: str) -> None:
    elb = aws.client("elbv2")
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=seeded["vpc_id"])
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.delete_target_group(TargetGroupArn=arn)

    with pytest.raises(elb.exceptions.TargetGroupNotFoundException):
        elb.describe_target_health(TargetGroupArn=arn)
    with pytest.raises(ClientError, match="At least two subnets"):
        elb.create_load_balancer(Name=name, Subnets=seeded["subnet_ids"][:1])
    with pytest.raises(elb.exceptions.SubnetNotFoundException):
        elb.create_load_balancer(Name=name, Subnets=["subnet-00000001", "subnet-00000002"])


def test_the_registry_answers_on_the_one_address(aws: LocalAws, name: str) -> None:
    reference = push_directory(SAMPLE, f"{name}:v1", f"127.0.0.1:{aws.port}")

    repository, _, digest = reference.partition("/")[2].partition("@")
    manifest = json.loads(aws.get(f"/v2/{repository}/manifests/{digest}"))
    assert repository == name
    assert len(manifest["layers"]) == 1


def states(elb: Any, group: str) -> list[str]:  # noqa: ANN401 - boto3 makes its classes as it runs
    described = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [found["TargetHealth"]["State"] for found in described]


def ask(aws: LocalAws, host: str) -> tuple[int, bytes]:
    address = ("127.0.0.1", aws.router_port)
    with closing(http.client.HTTPConnection(*address, timeout=10)) as connection:
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
