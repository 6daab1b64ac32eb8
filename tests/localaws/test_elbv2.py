"""The API: what it accepts, what it answers, what it refuses and in which words."""

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


def priorities(place: Place) -> list[str]:
    rules = place.call("DescribeRules", ListenerArn=place.listener_arn)["Rules"]
    return [rule["Priority"] for rule in rules]


def test_a_load_balancer_knows_its_place(place: Place) -> None:
    balancer = place.call("DescribeLoadBalancers", Names=["main"])["LoadBalancers"][0]

    assert balancer["LoadBalancerArn"].startswith(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/"
    )
    assert balancer["VpcId"] == "vpc-1"
    assert [zone["ZoneName"] for zone in balancer["AvailabilityZones"]] == [
        "us-east-1a",
        "us-east-1b",
    ]
    assert balancer["DNSName"].endswith(".us-east-1.elb.amazonaws.com")


def test_asked_twice_for_the_same_the_first_is_answered(place: Place) -> None:
    again = place.call("CreateLoadBalancer", Name="main", Subnets=SUBNETS)
    other = refused(place, "CreateLoadBalancer", Name="main", Subnets=SUBNETS, Scheme="internal")

    assert again["LoadBalancers"][0]["LoadBalancerArn"] == place.balancer_arn
    assert other[0] == "DuplicateLoadBalancerName"


def test_a_load_balancer_needs_two_zones(place: Place) -> None:
    code, message = refused(place, "CreateLoadBalancer", Name="one", Subnets=["subnet-a"])

    assert code == "ValidationError"
    assert message.startswith("At least two subnets in two different Availability Zones")


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
        ({"TargetType": "lambda"}, "not 'lambda'"),
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


def test_what_the_router_would_not_do_is_not_accepted(place: Place) -> None:
    arn, attribute = place.group(), {"Key": "stickiness.enabled", "Value": "true"}

    sticky = refused(
        place, "ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=[attribute]
    )
    tls = refused(
        place,
        "CreateListener",
        LoadBalancerArn=place.balancer_arn,
        Protocol="HTTPS",
        Port=443,
        DefaultActions=forward(arn),
    )

    assert sticky[0] == "InvalidConfigurationRequest"
    assert tls[0] == "UnsupportedProtocol"


def test_rules_are_listed_by_priority_the_default_last(place: Place) -> None:
    group = place.group()
    place.rule(20, group, "b.localhost")
    place.rule(10, group, "a.localhost")

    assert priorities(place) == ["10", "20", "default"]


def test_a_rule_is_described_as_aws_describes_it(place: Place) -> None:
    group = place.group()
    arn = place.rule(10, group, "a.localhost")

    rule = place.call("DescribeRules", RuleArns=[arn])["Rules"][0]

    assert rule == {
        "RuleArn": arn,
        "Priority": "10",
        "Conditions": [
            {
                "Field": "host-header",
                "Values": ["a.localhost"],
                "HostHeaderConfig": {"Values": ["a.localhost"]},
            }
        ],
        "Actions": [
            {
                "Type": "forward",
                "Order": 1,
                "TargetGroupArn": group,
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            }
        ],
        "IsDefault": False,
    }
    assert arn.startswith(place.listener_arn.replace(":listener/", ":listener-rule/") + "/")


def test_a_priority_is_taken_once(place: Place) -> None:
    group = place.group()
    place.rule(10, group, "a.localhost")

    answer = refused(
        place,
        "CreateRule",
        ListenerArn=place.listener_arn,
        Priority=10,
        Conditions=host("b.localhost"),
        Actions=forward(group),
    )

    assert answer == ("PriorityInUse", "Priority '10' is currently in use")


def test_rules_change_places_together_or_not_at_all(place: Place) -> None:
    group = place.group()
    first, second = place.rule(10, group, "a.localhost"), place.rule(20, group, "b.localhost")
    place.rule(30, group, "c.localhost")

    place.call(
        "SetRulePriorities",
        RulePriorities=[
            {"RuleArn": first, "Priority": 20},
            {"RuleArn": second, "Priority": 10},
        ],
    )
    code, _ = refused(
        place,
        "SetRulePriorities",
        RulePriorities=[
            {"RuleArn": first, "Priority": 5},
            {"RuleArn": second, "Priority": 30},
        ],
    )

    rules = place.call("DescribeRules", ListenerArn=place.listener_arn)["Rules"]
    assert [rule["RuleArn"] for rule in rules[:2]] == [second, first]
    assert code == "PriorityInUse"
    assert priorities(place) == ["10", "20", "30", "default"]


def test_the_default_rule_stays(place: Place) -> None:
    rules = place.call("DescribeRules", ListenerArn=place.listener_arn)["Rules"]

    code, _ = refused(place, "DeleteRule", RuleArn=rules[-1]["RuleArn"])

    assert code == "OperationNotPermitted"


def test_a_load_balancer_has_room_for_a_hundred_rules(place: Place) -> None:
    group = place.group()
    for priority in range(1, 101):
        place.rule(priority, group, f"a{priority}.localhost")

    with pytest.raises(AwsError) as refusal:
        place.rule(101, group, "a101.localhost")

    assert refusal.value.code == "TooManyRules"
    page = place.call("DescribeRules", ListenerArn=place.listener_arn)
    rest = place.call("DescribeRules", ListenerArn=place.listener_arn, Marker=page["NextMarker"])
    assert (len(page["Rules"]), [rule["Priority"] for rule in rest["Rules"]]) == (100, ["default"])


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ([], "ValidationError"),
        (host(), "ValidationError"),
        (host(*[f"a{number}.localhost" for number in range(6)]), "ValidationError"),
        (host("a" * 129), "ValidationError"),
        (host("a") + host("b"), "ValidationError"),
        ([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}],
         "InvalidConfigurationRequest"),
    ],
)  # fmt: skip
def test_conditions_that_are_refused(
    place: Place, conditions: list[dict[str, object]], code: str
) -> None:
    answer = refused(
        place,
        "CreateRule",
        ListenerArn=place.listener_arn,
        Priority=1,
        Conditions=conditions,
        Actions=forward(place.group()),
    )

    assert answer[0] == code


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


def test_a_deleted_load_balancer_takes_its_listeners_and_rules(place: Place) -> None:
    group = place.group()
    rule = place.rule(10, group, "a.localhost")

    place.call("DeleteLoadBalancer", LoadBalancerArn=place.balancer_arn)

    assert refused(place, "DescribeRules", RuleArns=[rule])[0] == "RuleNotFound"
    assert (
        refused(place, "DescribeListeners", ListenerArns=[place.listener_arn])[0]
        == "ListenerNotFound"
    )
    assert not place.inside(lambda: place.elb.has_load_balancer(group))


def test_tags_on_everything(place: Place) -> None:
    group = place.group()
    arns = [place.balancer_arn, place.listener_arn, group, place.rule(10, group, "a.localhost")]

    tags = [{"Key": "palatine:app", "Value": "hello"}, {"Key": "x", "Value": ""}]
    place.call("AddTags", ResourceArns=arns, Tags=tags)
    place.call("RemoveTags", ResourceArns=arns, TagKeys=["x"])
    described = place.call("DescribeTags", ResourceArns=arns)["TagDescriptions"]

    assert described == [
        {"ResourceArn": arn, "Tags": [{"Key": "palatine:app", "Value": "hello"}]} for arn in arns
    ]


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
