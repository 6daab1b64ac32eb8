"""Target groups and targets, as the API describes and refuses them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.wire import AwsError
from tests.localaws.balancing import INSTANCE, Place

SUBNETS = ["subnet-a", "subnet-b"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def refused(place: Place, operation: str, **params: object) -> tuple[str, str]:
    with pytest.raises(AwsError) as refusal:
        place.call(operation, **params)
    return refusal.value.code, refusal.value.message


def forward(group_arn: str) -> list[dict[str, str]]:
    return [{"Type": "forward", "TargetGroupArn": group_arn}]


def host(*values: str) -> list[dict[str, object]]:
    return [{"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}]


def test_a_target_group_has_awss_defaults(place: Place) -> None:
    made = place.call("CreateTargetGroup", Name="web", Protocol="HTTP", Port=80, VpcId="vpc-1")
    group = made["TargetGroups"][0]
    attributes = place.call("DescribeTargetGroupAttributes", TargetGroupArn=group["TargetGroupArn"])

    assert group["TargetGroupArn"].startswith(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/"
    )
    assert (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"]) == (30, 5)
    assert (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]) == (5, 2)
    assert (group["Matcher"], group["HealthCheckPath"]) == ({"HttpCode": "200"}, "/")
    assert {
        "Key": "deregistration_delay.timeout_seconds",
        "Value": "300",
    } in attributes["Attributes"]


def test_a_target_groups_name_is_its_own(place: Place) -> None:
    first, again = place.group("web"), place.group("web")
    code, message = refused(
        place, "CreateTargetGroup", Name="web", Protocol="HTTP", Port=81, VpcId="vpc-1"
    )

    assert first == again
    assert code == "DuplicateTargetGroupName"
    assert message == (
        "A target group with the same name 'web' exists, but with different settings"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("w" * 33, "cannot be longer than '32' characters"),
        ("web_1", "can only contain characters that are alphanumeric characters or hyphens(-)"),
        ("web-", "cannot begin or end with hyphen"),
    ],
)
def test_names_aws_refuses(place: Place, name: str, said: str) -> None:
    code, message = refused(
        place, "CreateTargetGroup", Name=name, Protocol="HTTP", Port=80, VpcId="vpc-1"
    )

    assert code == "ValidationError"
    assert message == f"Target group name '{name}' {said}"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 5}, "greater than the"),
        ({"HealthCheckIntervalSeconds": 4}, "between '5' and '300'"),
        ({"HealthyThresholdCount": 1}, "between '2' and '10'"),
        ({"HealthCheckPath": "health"}, "must begin with a '/'"),
        ({"Matcher": {"HttpCode": "600"}}, "within '200-499'"),
        ({"HealthCheckPort": "http"}, "'traffic-port' or 1-65535"),
        ({"TargetType": "lambda"}, "TargetType 'lambda' is not modelled"),
    ],
)
def test_settings_aws_refuses(place: Place, settings: dict[str, object], said: str) -> None:
    given = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", **settings}

    assert said in refused(place, "CreateTargetGroup", **given)[1]


def test_a_change_of_settings_is_checked_as_a_whole(place: Place) -> None:
    arn = place.group()

    changed = place.call("ModifyTargetGroup", TargetGroupArn=arn, HealthCheckPath="/up")
    code, _ = refused(place, "ModifyTargetGroup", TargetGroupArn=arn, HealthCheckTimeoutSeconds=10)

    assert changed["TargetGroups"][0]["HealthCheckPath"] == "/up"
    assert code == "ValidationError"


@pytest.mark.parametrize(
    "attribute",
    [
        ("load_balancing.algorithm.anomaly_mitigation", "on"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "3"),
    ],
)
def test_what_the_router_would_not_do_is_not_accepted(
    place: Place, attribute: tuple[str, str]
) -> None:
    asked = [{"Key": attribute[0], "Value": attribute[1]}]

    code, message = refused(
        place, "ModifyTargetGroupAttributes", TargetGroupArn=place.group(), Attributes=asked
    )

    assert code == "UnsupportedOperation"
    assert attribute[0] in message


def test_a_group_in_use_is_not_deleted(place: Place) -> None:
    group = place.group()
    rule = place.rule(10, group, "a.localhost")

    code, message = refused(place, "DeleteTargetGroup", TargetGroupArn=group)
    place.call("DeleteRule", RuleArn=rule)
    place.call("DeleteTargetGroup", TargetGroupArn=group)
    place.call("DeleteTargetGroup", TargetGroupArn=group)  # gone is gone

    assert code == "ResourceInUse"
    assert message == f"Target group '{group}' is currently in use by a listener or a rule"
    assert refused(place, "DescribeTargetGroups", TargetGroupArns=[group]) == (
        "TargetGroupNotFound",
        f"Target groups '[{group}]' not found",
    )


def test_a_group_serves_one_load_balancer(place: Place) -> None:
    group = place.group()
    place.rule(10, group, "a.localhost")
    other = place.call("CreateLoadBalancer", Name="other", Subnets=SUBNETS)["LoadBalancers"][0]
    listener = place.listen(other["LoadBalancerArn"])

    code, _ = refused(
        place,
        "CreateRule",
        ListenerArn=listener,
        Priority=1,
        Conditions=host("b.localhost"),
        Actions=forward(group),
    )

    assert code == "TargetGroupAssociationLimit"
    groups = place.call("DescribeTargetGroups", LoadBalancerArn=place.balancer_arn)["TargetGroups"]
    assert [found["LoadBalancerArns"] for found in groups] == [[place.balancer_arn]]


def test_two_ports_of_one_instance_are_two_targets(place: Place) -> None:
    group = place.group()
    targets = [{"Id": INSTANCE, "Port": 1}, {"Id": INSTANCE, "Port": 2}]
    place.call("RegisterTargets", TargetGroupArn=group, Targets=targets)

    described = place.call("DescribeTargetHealth", TargetGroupArn=group)

    assert [found["Target"] for found in described["TargetHealthDescriptions"]] == targets
    assert {found["TargetHealth"]["Reason"] for found in described["TargetHealthDescriptions"]} == {
        "Target.NotInUse"
    }


def test_a_target_that_is_not_there(place: Place) -> None:
    group = place.group()

    described = place.call(
        "DescribeTargetHealth", TargetGroupArn=group, Targets=[{"Id": INSTANCE, "Port": 9}]
    )
    unknown = refused(
        place, "RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "i-nobody", "Port": 9}]
    )

    assert described["TargetHealthDescriptions"][0]["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.NotRegistered",
        "Description": "Target is not registered to the target group",
    }
    assert unknown == ("InvalidTarget", "Instance ID 'i-nobody' is not valid")


def test_a_target_by_address_is_an_address(place: Place) -> None:
    group = place.group(TargetType="ip")

    code, message = refused(
        place, "RegisterTargets", TargetGroupArn=group, Targets=[{"Id": INSTANCE}]
    )
    place.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    found = place.call("DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"]

    assert code == "ValidationError"
    assert message == f"The IP address '{INSTANCE}' is not a valid IPv4 address"
    assert found[0]["Target"] == {"Id": "127.0.0.1", "Port": 80}  # the group's own port
