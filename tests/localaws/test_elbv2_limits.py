"""AWS's quotas, and targets that a fault keeps from becoming healthy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localaws.elbv2.model import TargetHealth
from localaws.faults.asked import Asked
from localaws.faults.fault import Kind
from localaws.wire import AwsError
from tests.localaws.balancing import Place
from tests.localaws.standing import serving


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def refused(place: Place, operation: str, **params: object) -> tuple[str, str]:
    with pytest.raises(AwsError) as refusal:
        place.call(operation, **params)
    return refusal.value.code, refusal.value.message


def addresses(first: int, count: int) -> list[dict[str, Any]]:
    numbers = range(first, first + count)
    ids = [f"10.9.{n // 250}.{n % 250 + 1}" for n in numbers]
    return [{"Id": one, "Port": 80, "AvailabilityZone": "all"} for one in ids]


def test_a_target_group_has_room_for_a_thousand_targets(place: Place) -> None:
    group = place.group(TargetType="ip")
    place.call("RegisterTargets", TargetGroupArn=group, Targets=addresses(0, 1000))

    code, message = refused(
        place, "RegisterTargets", TargetGroupArn=group, Targets=addresses(1000, 1)
    )
    place.call("RegisterTargets", TargetGroupArn=group, Targets=addresses(0, 1))

    assert code == "TooManyTargets"
    assert message.startswith("The maximum number of targets per target group '1000'")


def test_a_load_balancer_has_room_for_a_thousand_targets(place: Place) -> None:
    first, second = place.group("first", TargetType="ip"), place.group("second", TargetType="ip")
    place.call("RegisterTargets", TargetGroupArn=first, Targets=addresses(0, 600))
    place.call("RegisterTargets", TargetGroupArn=second, Targets=addresses(0, 401))
    place.rule(1, first, "first.localhost")

    with pytest.raises(AwsError) as refusal:
        place.rule(2, second, "second.localhost")

    assert refusal.value.code == "TooManyTargets"
    assert refusal.value.message == (
        "The maximum number of targets per load balancer '1000' has been reached on load "
        f"balancer '{place.balancer_arn}'"
    )


def test_a_load_balancer_has_room_for_a_hundred_target_groups(place: Place) -> None:
    groups = [place.group(f"g{number}") for number in range(101)]
    for first in range(0, 100, 5):
        forward = {"TargetGroups": [{"TargetGroupArn": arn} for arn in groups[first : first + 5]]}
        place.call(
            "CreateRule",
            ListenerArn=place.listener_arn,
            Priority=first + 1,
            Conditions=[{"Field": "host-header", "Values": [f"h{first}"]}],
            Actions=[{"Type": "forward", "ForwardConfig": forward}],
        )

    with pytest.raises(AwsError) as refusal:
        place.rule(200, groups[100], "one.more")

    assert refusal.value.code == "TooManyUniqueTargetGroupsPerLoadBalancer"


def test_a_load_balancer_has_room_for_twenty_five_certificates_and_the_default(
    place: Place,
) -> None:
    arns = [f"arn:aws:acm:us-east-1:123456789012:certificate/{number}" for number in range(27)]
    listener = place.call(
        "CreateListener",
        LoadBalancerArn=place.balancer_arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arns[0]}],
        DefaultActions=[
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}},
        ],
    )["Listeners"][0]["ListenerArn"]

    def add(*some: str) -> dict[str, object]:
        certificates = [{"CertificateArn": arn} for arn in some]
        return {"ListenerArn": listener, "Certificates": certificates}

    place.call("AddListenerCertificates", **add(*arns[1:26]))

    assert refused(place, "AddListenerCertificates", **add(arns[26]))[0] == "TooManyCertificates"
    place.call("RemoveListenerCertificates", **add(arns[1]))
    place.call("AddListenerCertificates", **add(arns[26]))


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({}, "Health checks failed with these codes: [500]"),
        ({"code": 503}, "Health checks failed with these codes: [503]"),
        ({"reason": "Target.Timeout"}, "Request timed out"),
        ({"reason": "Target.FailedHealthChecks"}, "Health checks failed"),
    ],
)
def test_targets_of_a_group_never_become_healthy_until_the_fault_ends(
    place: Place, params: dict[str, Any], description: str
) -> None:
    group, other = place.group("sick"), place.group("well")
    place.rule(1, group, "a.localhost")
    place.rule(2, other, "b.localhost")
    with serving() as before, serving() as new:
        place.register(group, before.port)
        place.until(group, before.port, "healthy")
        fault = Asked(Kind.NEVER_HEALTHY, match={"group": "si*"}, params=params)
        place.inside(lambda: place.world.faults.begin(fault))
        place.register(group, new.port)
        place.register(other, new.port)
        place.until(group, new.port, "unhealthy")
        place.until(other, new.port, "healthy")

        sick, still = place.state(group, new.port), place.state(group, before.port)
        place.inside(place.world.faults.end_all)
        place.until(group, new.port, "healthy")

        assert isinstance(sick, TargetHealth)
        assert sick.description == description
        assert sick.reason == params.get("reason", "Target.ResponseCodeMismatch")
        assert still is not None
        assert still.state == "healthy"


def test_a_target_is_registered_then_checked(place: Place) -> None:
    group = place.group(UnhealthyThresholdCount=10)
    rule = place.rule(1, group, "a.localhost")
    with serving() as server:
        server.health = 500
        place.register(group, server.port)
        place.reasons(group, server.port, "Elb.InitialHealthChecking")
        place.call("DeleteRule", RuleArn=rule)
        place.reasons(group, server.port, "Target.NotInUse")
        place.rule(1, group, "a.localhost")
        place.reasons(group, server.port, "Elb.InitialHealthChecking")


def test_a_group_that_is_not_in_use_costs_nothing(place: Place) -> None:
    group = place.group()
    with serving() as server:
        place.register(group, server.port)
        watched = place.inside(place.timers)
        server.entered.wait(0.2)

        assert place.inside(place.timers) == watched == 0
        assert server.checks == 0
