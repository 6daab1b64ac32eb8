"""Tags of a service's tasks"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.ledger import fact
from tests.conformance.serving import Served
from tests.conformance.waiting import until

USING_TAGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html"
Json = dict[str, Any]


def tags(served: Served) -> dict[str, str]:
    """Of its first task."""
    arn = until(served.tasks)[0]["taskArn"]
    asked = {"cluster": served.cluster, "tasks": [arn], "include": ["TAGS"]}
    found = served.ecs.describe_tasks(**asked)["tasks"][0]["tags"]
    return {one["key"]: one["value"] for one in found}


@pytest.mark.parametrize("source", ["SERVICE", "TASK_DEFINITION", "NONE"])
@fact("A service's tasks have its tags, or their definition's, as propagateTags says.", USING_TAGS)
def test_where_tags_come_from(source: str, served: Served) -> None:
    made = served.ecs.register_task_definition(
        family=served.name,
        containerDefinitions=[
            {"name": "main", "image": served.image, "command": ["sleep", "3600"], "memory": 32}
        ],
        tags=[{"key": "of", "value": "definition"}],
    )
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
        tags=[{"key": "of", "value": "service"}],
        propagateTags=source,
    )

    expected = {
        "SERVICE": {"of": "service"},
        "TASK_DEFINITION": {"of": "definition"},
        "NONE": {},
    }
    assert tags(served) == expected[source]


@fact("Tags that ECS manages name the cluster and the service.", USING_TAGS)
def test_tags_that_ecs_manages(served: Served) -> None:
    served.create(1, enableECSManagedTags=True)

    assert tags(served) == {
        "aws:ecs:clusterName": served.cluster,
        "aws:ecs:serviceName": served.name,
    }
