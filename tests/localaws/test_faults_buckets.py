"""Token buckets by the clock alone."""

import re
from datetime import UTC, datetime, timedelta

from localaws.faults.buckets import OF_AWS, Buckets, Rate
from localaws.wire import models

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def taken(buckets: Buckets, service: str, operation: str, asked: int, at: float = 0) -> int:
    now = NOW + timedelta(seconds=at)
    return sum(buckets.take(service, operation, now) for _ in range(asked))


def test_as_many_as_it_holds_and_then_as_many_as_come() -> None:
    buckets = Buckets()

    assert taken(buckets, "ecs", "RegisterTaskDefinition", 30) == 20
    assert taken(buckets, "ecs", "RegisterTaskDefinition", 30, at=5.5) == 5
    assert taken(buckets, "ecs", "RegisterTaskDefinition", 30, at=6) == 1
    assert taken(buckets, "ecs", "RegisterTaskDefinition", 30, at=3600) == 20


def test_operations_of_a_group_share_a_bucket_and_others_have_their_own() -> None:
    buckets = Buckets()

    assert taken(buckets, "ecs", "DescribeTasks", 80) == 80
    assert taken(buckets, "ecs", "DescribeContainerInstances", 80) == 20
    assert taken(buckets, "ecs", "DescribeServices", 200) == 100
    assert taken(buckets, "ec2", "DescribeVpcs", 200) == 100
    assert taken(buckets, "ec2", "DescribeSubnets", 200) == 100


def test_every_operation_of_ecs_has_the_bucket_that_aws_documents() -> None:
    """But for those that its table leaves out: task sets, and what is newer than it."""
    operations = models.service("ecs").operation_names
    newer = re.compile("Daemon|Gateway|TaskSet|ServiceDeployment$|PollEndpoint")

    takers = {one: sum(rate.takes(one) for rate in OF_AWS["ecs"]) for one in operations}

    assert max(takers.values()) == 1
    assert [one for one, many in takers.items() if not many and not newer.search(one)] == []
    named = {name for rate in OF_AWS["ecs"] for name in rate.operations} - {"Submit*"}
    assert named <= set(operations)


def test_a_request_takes_of_every_bucket_or_of_none() -> None:
    buckets = Buckets()

    assert taken(buckets, "route53", "CreateHostedZone", 45) == 40
    assert taken(buckets, "route53", "ListHostedZones", 45) == 10
    assert taken(buckets, "route53", "CreateHostedZone", 45, at=1) == 2
    assert taken(buckets, "route53", "ListHostedZones", 45, at=1) == 8


def test_what_aws_does_not_tell_of_is_not_throttled_but_by_a_rate_of_ones_own() -> None:
    assert taken(Buckets(), "iam", "ListRoles", 1000) == 1000
    assert taken(Buckets(Rate(3, 0)), "iam", "ListRoles", 1000) == 3
