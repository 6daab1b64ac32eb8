"""What a service is given when it is not asked, and keeps when it is updated."""

import pytest

from tests.conformance.ledger import fact
from tests.conformance.serving import Served

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"


@fact(
    "A new service has availability zone rebalancing ENABLED; an update that does not name it "
    "keeps what it has.",
    API + "API_CreateService.html#ECS-CreateService-request-availabilityZoneRebalancing",
)
def test_zone_rebalancing_is_enabled_and_kept(served: Served) -> None:
    created = served.create(0)
    updated = served.update(availabilityZoneRebalancing="DISABLED")
    again = served.update(desiredCount=0)

    assert created["availabilityZoneRebalancing"] == "ENABLED"
    assert updated["availabilityZoneRebalancing"] == "DISABLED"
    assert again["availabilityZoneRebalancing"] == "DISABLED"


@fact(
    "A new service that zone rebalancing cannot serve has it DISABLED: tasks that are packed "
    "before they are spread, or a maximum of 100 percent.",
    GUIDE + "service-rebalancing.html",
)
@pytest.mark.parametrize(
    "more",
    [
        {"placementStrategy": [{"type": "binpack", "field": "memory"}]},
        {"deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 100}},
    ],
)
def test_zone_rebalancing_is_disabled_where_it_cannot_be(
    more: dict[str, object], served: Served
) -> None:
    assert served.create(0, **more)["availabilityZoneRebalancing"] == "DISABLED"
