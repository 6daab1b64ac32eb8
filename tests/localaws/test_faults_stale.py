"""Eventual consistency: reads that answer as things were."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.localaws import stacks
from tests.localaws.conftest import LocalAws, until
from tests.localaws.test_faults import ask

LONG, SHORT = {"seconds": 3600}, {"seconds": 0.4}


@pytest.fixture(autouse=True)
def faults(aws: LocalAws) -> Iterator[None]:
    yield
    ask(aws, "DELETE")


def begin(aws: LocalAws, service: str, params: dict[str, float], operation: str = "*") -> None:
    match = {"service": service, "operation": operation}
    ask(aws, "POST", body={"kind": "stale_reads", "match": match, "params": params})


def test_what_was_just_made_is_not_found_yet_and_is_later(aws: LocalAws, name: str) -> None:
    ecs = aws.client("ecs")
    begin(aws, "ecs", SHORT)

    made = ecs.create_cluster(clusterName=name)["cluster"]["status"]
    at_once = ecs.describe_clusters(clusters=[name])
    later = until(lambda: ecs.describe_clusters(clusters=[name])["clusters"])

    assert made == "ACTIVE"
    assert [one["reason"] for one in at_once["failures"]] == ["MISSING"]
    assert [one["status"] for one in later] == ["ACTIVE"]


def test_a_write_sees_the_truth_and_so_does_the_end_of_the_fault(aws: LocalAws, name: str) -> None:
    ecs = aws.client("ecs")
    begin(aws, "ecs", LONG)
    ecs.create_cluster(clusterName=name)
    stale = ecs.describe_clusters(clusters=[name])["clusters"]

    ecs.create_service(cluster=name, serviceName=name, taskDefinition=registered(aws, name))
    ask(aws, "DELETE")

    assert stale == []
    assert [one["clusterName"] for one in ecs.describe_clusters(clusters=[name])["clusters"]] == [
        name
    ]


def test_a_stack_that_is_gone_is_still_described(aws: LocalAws, name: str) -> None:
    cfn = aws.client("cloudformation")
    stacks.create(cfn, name, stacks.template(A=stacks.log_group(name)))
    begin(aws, "cloudformation", LONG)

    cfn.delete_stack(StackName=name)
    stale = stacks.described(cfn, name)["StackStatus"]
    ask(aws, "DELETE")

    assert stale == "CREATE_COMPLETE"
    until(lambda: gone(aws, name))


def test_only_the_operations_it_matches_are_late(aws: LocalAws, name: str) -> None:
    ecs = aws.client("ecs")
    begin(aws, "ecs", LONG, "List*")

    arn = ecs.create_cluster(clusterName=name)["cluster"]["clusterArn"]

    assert arn not in ecs.list_clusters()["clusterArns"]
    assert len(ecs.describe_clusters(clusters=[name])["clusters"]) == 1
    assert [one["hits"] for one in ask(aws, "GET")[1]["faults"]] == [1]


def test_load_balancing_too(aws: LocalAws, name: str) -> None:
    elbv2 = aws.client("elbv2")
    begin(aws, "elbv2", LONG)

    elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="instance"
    )

    with pytest.raises(ClientError, match="not found"):
        elbv2.describe_target_groups(Names=[name])


def registered(aws: LocalAws, name: str) -> str:
    container = {"name": "a", "image": "a", "memory": 8}
    ecs = aws.client("ecs")
    made = ecs.register_task_definition(family=name, containerDefinitions=[container])
    return str(made["taskDefinition"]["taskDefinitionArn"])


def gone(aws: LocalAws, name: str) -> bool:
    try:
        aws.client("cloudformation").describe_stacks(StackName=name)
    except ClientError:
        return True
    return False
