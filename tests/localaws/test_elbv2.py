"""Load balancers, and tags on everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.wire import AwsError
from tests.localaws.balancing import Place

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
