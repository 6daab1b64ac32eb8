"""Rules: their order, what they match, what is refused and in which words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.wire import AwsError
from tests.localaws.balancing import Place


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
        ([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}}], "ValidationError"),
        ([{"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["a"]}}],
         "UnsupportedOperation"),
        ([{"Field": "http-header", "HttpHeaderConfig": {"Values": ["a"]}}], "ValidationError"),
        ([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}],
         "ValidationError"),
        ([{"Field": "cookie", "Values": ["a"]}], "ValidationError"),
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
