"""Availability zone rebalancing: a service's tasks moved until every zone has its share."""

from collections import Counter

import pytest
from botocore.exceptions import ClientError

from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.serving import Json, Served

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"


def zones(served: Served) -> list[str]:
    """Of the cluster's instances."""
    arns = served.ecs.list_container_instances(cluster=served.cluster)["containerInstanceArns"]
    found = served.ecs.describe_container_instances(
        cluster=served.cluster, containerInstances=arns
    )["containerInstances"]
    told = [
        one["value"]
        for it in found
        for one in it["attributes"]
        if one["name"] == "ecs.availability-zone"
    ]
    return sorted(set(told))


def spread(served: Served) -> Counter[str]:
    return Counter(one["availabilityZone"] for one in served.tasks())


def crowd(served: Served, zone: str) -> Json:
    """A steady service with both its tasks in that zone, and nothing any more that binds them."""
    here = {"type": "memberOf", "expression": f"attribute:ecs.availability-zone == {zone}"}
    made = served.create(2, placementConstraints=[here], availabilityZoneRebalancing="DISABLED")
    served.steady()
    assert spread(served) == {zone: 2}
    return made


@fact(
    "With rebalancing a task is started where there are fewest, and one stopped where there are "
    "most once the new one is healthy; no deployment is made of it. Events and EventBridge tell.",
    GUIDE
    + "service-rebalancing.html "
    + GUIDE
    + "track-service-rebalancing.html "
    + GUIDE
    + "service-rebalancing-event-messages-list.html",
)
def test_tasks_move_to_the_emptier_zone(served: Served, eventing: Eventing) -> None:
    full, empty = zones(served)
    made = crowd(served, full)
    kind = {"source": ["aws.ecs"], "detail-type": ["ECS Service Action"]}
    eventing.listen({**kind, "resources": [made["serviceArn"]]})

    served.update(placementConstraints=[], availabilityZoneRebalancing="ENABLED")

    completed = (
        f"(service {served.name}) is AZ balanced with 1 tasks in {full}, 1 tasks in {empty}."
    )
    service = served.until(lambda one: completed in [it["message"] for it in one["events"]])
    assert spread(served) == {full: 1, empty: 1}
    assert [one["id"] for one in service["deployments"]] == [made["deployments"][0]["id"]]
    said = [one["message"] for one in reversed(service["events"])]
    started = next(one for one in said if f"has started 1 tasks in {empty} to AZ Rebalance" in one)
    stopped = next(one for one in said if f"has stopped 1 running tasks in {full} due to" in one)
    assert said.index(started) < said.index(stopped) < said.index(completed)
    assert any("is not AZ balanced with 2 tasks in" in one for one in said)
    [gone] = served.tasks("STOPPED")
    assert gone["stoppedReason"] == (
        f"Availability-zone rebalancing initiated by (deployment {made['deployments'][0]['id']})"
    )
    for name in ("SERVICE_REBALANCING_STARTED", "SERVICE_REBALANCING_COMPLETED"):
        told = eventing.event(lambda one, name=name: one["detail"]["eventName"] == name)
        assert told["detail"]["eventType"] == "INFO"


@fact(
    "Zone rebalancing is refused with a maximum of 100 percent or less, and so is such a maximum "
    "while it is enabled.",
    GUIDE + "service-rebalancing.html aws/aws-cdk#32263",
)
def test_rebalancing_needs_room_for_one_task_more(served: Served) -> None:
    tight = {"deploymentConfiguration": {"minimumHealthyPercent": 0, "maximumPercent": 100}}
    words = "Availability Zone Rebalancing does not support maximumPercent <= 100%"

    with pytest.raises(ClientError, match=words) as refused:
        served.create(0, availabilityZoneRebalancing="ENABLED", **tight)
    served.create(0, availabilityZoneRebalancing="ENABLED")
    with pytest.raises(ClientError, match=words):
        served.update(**tight)

    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    updated = served.update(availabilityZoneRebalancing="DISABLED", **tight)
    assert updated["deploymentConfiguration"]["maximumPercent"] == 100
