"""Application load balancers: listeners, rules, target groups and the health of targets"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.waiting import REAL, until

API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
Client = Any  # boto3 makes its classes as it runs
NOTHING = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


@pytest.fixture
def elb(aws: Aws) -> Client:
    return aws.client("elbv2")


@pytest.fixture
def balancer(elb: Client, place: Place, name: str) -> Iterator[str]:
    made = elb.create_load_balancer(Name=name, Subnets=list(place.subnet_ids), Scheme="internal")
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    yield arn
    elb.delete_load_balancer(LoadBalancerArn=arn)


@pytest.fixture
def listener(elb: Client, balancer: str) -> str:
    made = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[NOTHING]
    )
    return str(made["Listeners"][0]["ListenerArn"])


@pytest.fixture
def group(elb: Client, place: Place, name: str, listener: str) -> Iterator[str]:
    """Deleted after the rules of the listener."""
    made = elb.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=place.vpc_id, TargetType="ip"
    )
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    yield arn
    elb.delete_listener(ListenerArn=listener)
    elb.delete_target_group(TargetGroupArn=arn)


def refused(call: Callable[..., object], **params: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**params)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def forward(group: str) -> list[dict[str, str]]:
    return [{"Type": "forward", "TargetGroupArn": group}]


def host(*values: str) -> list[dict[str, object]]:
    return [{"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}]


@fact(
    "A rule looks at host, path, method, headers, query and source, and is described as asked.",
    f"{API}API_RuleCondition.html",
)
def test_conditions_of_every_kind(elb: Client, listener: str) -> None:
    conditions = [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["1"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*"]}},
    ]

    made = elb.create_rule(
        ListenerArn=listener, Priority=1, Conditions=conditions, Actions=[NOTHING]
    )

    shown = {one["Field"]: one for one in made["Rules"][0]["Conditions"]}
    for condition in conditions:
        assert shown[str(condition["Field"])].items() >= condition.items()


@fact("A rule has at most five condition values.", f"{GUIDE}load-balancer-limits.html")
def test_condition_values(elb: Client, listener: str) -> None:
    values = host(*[f"h{number}.example.com" for number in range(6)])

    code, message = refused(
        elb.create_rule, ListenerArn=listener, Priority=1, Conditions=values, Actions=[NOTHING]
    )

    assert code == "ValidationError"
    assert message == "A rule can only have '5' condition values"


@fact("A priority is used once in a listener.", f"{API}API_CreateRule.html")
def test_a_priority_in_use(elb: Client, listener: str) -> None:
    rule = {"ListenerArn": listener, "Priority": 7, "Actions": [NOTHING]}
    elb.create_rule(**rule, Conditions=host("a.example.com"))

    code, message = refused(elb.create_rule, **rule, Conditions=host("b.example.com"))

    assert (code, message) == ("PriorityInUse", "Priority '7' is currently in use")


@fact(
    "A redirect that is left at its defaults is a loop, and refused; one to HTTPS is filled in.",
    f"{API}API_RedirectActionConfig.html",
)
def test_redirects(elb: Client, listener: str) -> None:
    rule = {"ListenerArn": listener, "Priority": 1, "Conditions": host("a.example.com")}

    def redirect(**config: str) -> list[dict[str, object]]:
        return [{"Type": "redirect", "RedirectConfig": config | {"StatusCode": "HTTP_301"}}]

    code, _ = refused(elb.create_rule, **rule, Actions=redirect())
    made = elb.create_rule(**rule, Actions=redirect(Protocol="HTTPS", Port="443"))

    assert code == "InvalidLoadBalancerAction"
    assert made["Rules"][0]["Actions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


@fact("A target group in use is not deleted.", f"{API}API_DeleteTargetGroup.html")
def test_a_target_group_in_use(elb: Client, listener: str, group: str) -> None:
    elb.create_rule(
        ListenerArn=listener, Priority=1, Conditions=host("a.example.com"), Actions=forward(group)
    )

    code, message = refused(elb.delete_target_group, TargetGroupArn=group)

    assert code == "ResourceInUse"
    assert message == f"Target group '{group}' is currently in use by a listener or a rule"


@fact(
    "A target is initial, then unhealthy when it does not answer; draining when deregistered; an "
    "unknown one is unused, Target.NotRegistered.",
    f"{API}API_TargetHealth.html",
)
def test_the_health_of_a_target(elb: Client, listener: str, group: str) -> None:
    elb.modify_target_group(
        TargetGroupArn=group, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2
    )
    elb.create_rule(
        ListenerArn=listener, Priority=1, Conditions=host("a.example.com"), Actions=forward(group)
    )
    nobody = "10.0.0.250" if REAL else "127.0.0.1"  # checks of the local AWS stay on loopback
    target = {"Id": nobody, "Port": 1}

    def health(asked: dict[str, object]) -> dict[str, str]:
        shown = elb.describe_target_health(TargetGroupArn=group, Targets=[asked])
        return dict(shown["TargetHealthDescriptions"][0]["TargetHealth"])

    unknown = health(target)
    elb.register_targets(TargetGroupArn=group, Targets=[target])
    first = health(target)
    unhealthy = until(lambda: (now := health(target))["State"] == "unhealthy" and now)
    elb.deregister_targets(TargetGroupArn=group, Targets=[target])
    draining = health(target)

    assert unknown["State"] == "unused"
    assert unknown["Reason"] == "Target.NotRegistered"
    assert first["State"] == "initial"
    assert first["Reason"] in ("Elb.RegistrationInProgress", "Elb.InitialHealthChecking")
    assert unhealthy["Reason"] in ("Target.FailedHealthChecks", "Target.Timeout")
    assert draining == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }


@fact(
    "A load balancer that is protected from deletion is not deleted.",
    f"{GUIDE}edit-load-balancer-attributes.html",
)
def test_deletion_protection(elb: Client, balancer: str) -> None:
    def protect(value: str) -> None:
        attribute = {"Key": "deletion_protection.enabled", "Value": value}
        elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[attribute])

    protect("true")
    code, _ = refused(elb.delete_load_balancer, LoadBalancerArn=balancer)
    protect("false")

    assert code == "OperationNotPermitted"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("deregistration_delay.timeout_seconds", "3601"),
        ("slow_start.duration_seconds", "29"),
        ("stickiness.type", "cookie"),
        ("load_balancing.algorithm.type", "first"),
        ("no.such.key", "1"),
    ],
)
@fact(
    "Attributes of a target group have their ranges; an unknown key is refused.",
    f"{API}API_TargetGroupAttribute.html",
)
def test_attributes_out_of_range(elb: Client, group: str, key: str, value: str) -> None:
    code, _ = refused(
        elb.modify_target_group_attributes,
        TargetGroupArn=group,
        Attributes=[{"Key": key, "Value": value}],
    )

    assert code == "ValidationError"


@fact(
    "A listener is changed in what is given; its port is its balancer's alone.",
    f"{API}API_ModifyListener.html",
)
def test_a_listener_is_changed(elb: Client, balancer: str, listener: str) -> None:
    made = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "DefaultActions": [NOTHING]}
    elb.create_listener(**made, Port=81)

    code, _ = refused(elb.modify_listener, ListenerArn=listener, Port=81)
    changed = elb.modify_listener(ListenerArn=listener, Port=8080)["Listeners"][0]

    assert code == "DuplicateListener"
    assert changed["Port"] == 8080
    assert changed["DefaultActions"][0]["Type"] == "fixed-response"


@fact("A listener of HTTPS needs a certificate.", f"{GUIDE}create-https-listener.html")
def test_https_needs_a_certificate(elb: Client, balancer: str) -> None:
    made = {"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443}

    code, _ = refused(elb.create_listener, **made, DefaultActions=[NOTHING])

    assert code == "ValidationError"
