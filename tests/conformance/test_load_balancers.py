"""Application load balancers: listeners, rules, target groups and the health of targets"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.waiting import until

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

    code, message = refusal(
        elb.create_rule, ListenerArn=listener, Priority=1, Conditions=values, Actions=[NOTHING]
    )

    assert code == "ValidationError"
    assert message == "A rule can only have '5' condition values"


@fact("A priority is used once in a listener.", f"{API}API_CreateRule.html")
def test_a_priority_in_use(elb: Client, listener: str) -> None:
    rule = {"ListenerArn": listener, "Priority": 7, "Actions": [NOTHING]}
    elb.create_rule(**rule, Conditions=host("a.example.com"))

    code, message = refusal(elb.create_rule, **rule, Conditions=host("b.example.com"))

    assert (code, message) == ("PriorityInUse", "Priority '7' is currently in use")


@fact(
    "A redirect that is left at its defaults is a loop, and refused; one to HTTPS is filled in.",
    f"{API}API_RedirectActionConfig.html",
)
def test_redirects(elb: Client, listener: str) -> None:
    rule = {"ListenerArn": listener, "Priority": 1, "Conditions": host("a.example.com")}

    def redirect(**config: str) -> list[dict[str, object]]:
        return [{"Type": "redirect", "RedirectConfig": config | {"StatusCode": "HTTP_301"}}]

    code, _ = refusal(elb.create_rule, **rule, Actions=redirect())
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

    code, message = refusal(elb.delete_target_group, TargetGroupArn=group)

    assert code == "ResourceInUse"
    assert message == f"Target group '{group}' is currently in use by a listener or a rule"


@fact(
    "A target is initial, then unhealthy when nothing answers; draining when deregistered; an "
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
    target = {"Id": "10.0.0.250", "Port": 1}

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
    assert unhealthy == {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    }
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
    code, _ = refusal(elb.delete_load_balancer, LoadBalancerArn=balancer)
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
    code, _ = refusal(
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

    code, _ = refusal(elb.modify_listener, ListenerArn=listener, Port=81)
    changed = elb.modify_listener(ListenerArn=listener, Port=8080)["Listeners"][0]

    assert code == "DuplicateListener"
    assert changed["Port"] == 8080
    assert changed["DefaultActions"][0]["Type"] == "fixed-response"


@fact("A listener of HTTPS needs a certificate.", f"{GUIDE}create-https-listener.html")
def test_https_needs_a_certificate(elb: Client, balancer: str) -> None:
    made = {"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443}

    code, _ = refusal(elb.create_listener, **made, DefaultActions=[NOTHING])

    assert code == "ValidationError"


@fact(
    "A load balancer has an interface in each subnet; its address cannot be a target: unused, "
    "Target.IpUnusable.",
    f"{API}API_TargetHealth.html {GUIDE}application-load-balancers.html "
    f"{GUIDE}target-group-health-checks.html",
)
def test_an_address_of_a_load_balancer(
    aws: Aws, elb: Client, balancer: str, listener: str, group: str
) -> None:
    named = {"Name": "description", "Values": ["ELB " + balancer.split(":loadbalancer/")[1]]}
    found = aws.client("ec2").describe_network_interfaces(Filters=[named])["NetworkInterfaces"]
    elb.create_rule(
        ListenerArn=listener, Priority=1, Conditions=host("a.example.com"), Actions=forward(group)
    )

    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": found[0]["PrivateIpAddress"]}])

    assert len(found) == 2
    (shown,) = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert shown["Target"]["AvailabilityZone"] == found[0]["AvailabilityZone"]
    assert shown["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.IpUnusable",
        "Description": "The IP address cannot be used as a target, as it is in use by a load "
        "balancer",
    }


@pytest.fixture
def instance(aws: Aws, place: Place) -> Iterator[str]:
    """One of its own, which is in no cluster."""
    ec2 = aws.client("ec2")
    made = ec2.run_instances(
        ImageId=place.image_id,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=place.subnet_ids[0],
    )["Instances"][0]["InstanceId"]
    until(lambda: in_state(ec2, made, "running"))
    yield str(made)
    ec2.terminate_instances(InstanceIds=[made])


def in_state(ec2: Client, instance_id: str, state: str) -> bool:
    found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"]
    return str(found[0]["State"]["Name"]) == state


@fact(
    "An instance that is stopped, or terminated, is unused: Target.InvalidState; once it is "
    "started it is checked anew. One that is not running cannot be registered.",
    f"{API}API_TargetHealth.html {GUIDE}target-group-health-checks.html "
    f"{GUIDE}target-group-register-targets.html getmoto/moto#2324 "
    "hashicorp/terraform-provider-aws#17167",
)
def test_an_instance_that_ended(
    aws: Aws, elb: Client, place: Place, listener: str, instance: str, name: str
) -> None:
    ec2 = aws.client("ec2")
    group = elb.create_target_group(Name=f"{name}-i", Protocol="HTTP", Port=80, VpcId=place.vpc_id)
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.create_rule(
        ListenerArn=listener, Priority=1, Conditions=host("a.example.com"), Actions=forward(arn)
    )
    target = [{"Id": instance}]

    def health() -> dict[str, str]:
        (shown,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return dict(shown["TargetHealth"])

    def invalid(how: str) -> dict[str, str]:
        return {
            "State": "unused",
            "Reason": "Target.InvalidState",
            "Description": f"Target is in the {how} state",
        }

    try:
        elb.register_targets(TargetGroupArn=arn, Targets=target)
        ec2.stop_instances(InstanceIds=[instance])
        until(lambda: in_state(ec2, instance, "stopped") and health() == invalid("stopped"))
        refused = refusal(elb.register_targets, TargetGroupArn=arn, Targets=target)
        ec2.start_instances(InstanceIds=[instance])
        until(lambda: health()["State"] in ("initial", "unhealthy"))
        ec2.terminate_instances(InstanceIds=[instance])
        until(lambda: health() == invalid("terminated"))
    finally:
        elb.delete_listener(ListenerArn=listener)
        elb.delete_target_group(TargetGroupArn=arn)

    sentence = "The following targets are not in a running state and cannot be registered: "
    assert refused == ("InvalidTarget", f"{sentence}'{instance}'")


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            {"Id": "10.130.6.97"},
            "You must specify a valid Availability Zone or select 'all' for all enabled "
            "Availability zones, since the IP address '10.130.6.97' is outside the VPC",
        ),
        (
            {"Id": "10.130.6.97", "AvailabilityZone": "us-east-1a"},
            "The Availability Zone for IP address '10.130.6.97' must be 'all' for Application "
            "Load Balancer target groups, when not within the VPC",
        ),
        (
            {"Id": "10.0.0.10", "AvailabilityZone": "all"},
            "The IP address '10.0.0.10' is within the VPC, and cannot have its Availability Zone "
            "overridden to 'all' from '{zone}'",
        ),
    ],
)
@fact(
    "An address outside the VPC's subnets is a target of all zones; one within is of its own.",
    f"{API}API_TargetDescription.html kubernetes-sigs/aws-load-balancer-controller#561 "
    "kubernetes-sigs/aws-load-balancer-controller#3084 aws/containers-roadmap#1107",
)
def test_zones_of_addresses(
    aws: Aws, elb: Client, place: Place, group: str, target: dict[str, str], sentence: str
) -> None:
    subnets = aws.client("ec2").describe_subnets(SubnetIds=[place.subnet_ids[0]])["Subnets"]

    refused = refusal(elb.register_targets, TargetGroupArn=group, Targets=[target])
    outside = {"Id": "10.130.6.97", "Port": 80, "AvailabilityZone": "all"}
    elb.register_targets(TargetGroupArn=group, Targets=[outside])

    assert refused == (
        "ValidationError",
        sentence.replace("{zone}", subnets[0]["AvailabilityZone"]),
    )
    (shown,) = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert shown["Target"] == outside


@fact(
    "An instance of another VPC cannot be registered: InvalidTarget.",
    f"{API}API_RegisterTargets.html",
)
def test_an_instance_of_another_vpc(aws: Aws, elb: Client, instance: str, name: str) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    arn = made["TargetGroups"][0]["TargetGroupArn"]

    try:
        refused = refusal(elb.register_targets, TargetGroupArn=arn, Targets=[{"Id": instance}])
    finally:
        elb.delete_target_group(TargetGroupArn=arn)
        ec2.delete_vpc(VpcId=vpc)

    sentence = f"The following targets are not in the target group VPC '{vpc}': '{instance}'"
    assert refused == ("InvalidTarget", sentence)
