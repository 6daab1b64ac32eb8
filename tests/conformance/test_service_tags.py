"""Tags of services, and those that their tasks get."""

import pytest
from botocore.exceptions import ClientError

from tests.conformance.ledger import fact
from tests.conformance.serving import Json, Served

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
OWN = [{"key": "team", "value": "blue"}, {"key": "cost", "value": "7"}]


def tags(listed: list[Json]) -> dict[str, str]:
    return {one["key"]: one["value"] for one in listed}


def of_task(served: Served) -> dict[str, str]:
    """Of the only task there is."""
    [arn] = [one["taskArn"] for one in served.tasks()]
    found = served.ecs.describe_tasks(cluster=served.cluster, tasks=[arn], include=["TAGS"])
    return tags(found["tasks"][0]["tags"])


@fact(
    "A service's tags are shown where TAGS are included; its tasks have none of them unless they "
    "are propagated.",
    API + "API_CreateService.html " + API + "API_DescribeServices.html",
)
def test_a_services_tags_are_its_own(served: Served) -> None:
    served.create(1, tags=OWN)
    served.steady()

    assert tags(served.described(include=["TAGS"])["tags"]) == tags(OWN)
    assert served.described().get("tags", []) == []
    assert served.described()["propagateTags"] == "NONE"
    assert of_task(served) == {}


@fact(
    "With propagateTags SERVICE each new task has the tags that the service has then; those that "
    "run already keep what they have.",
    API + "API_UpdateService.html",
)
def test_tags_come_from_the_service(served: Served) -> None:
    arn = served.create(1, tags=OWN, propagateTags="SERVICE")["serviceArn"]
    served.steady()
    served.ecs.tag_resource(resourceArn=arn, tags=[{"key": "cost", "value": "8"}])
    before = of_task(served)

    served.update(forceNewDeployment=True)
    served.steady()

    assert before == tags(OWN)
    assert of_task(served) == {"team": "blue", "cost": "8"}


@fact(
    "With propagateTags TASK_DEFINITION tasks have the tags of their definition; managed tags name "
    "the cluster and the service besides.",
    API + "API_CreateService.html " + GUIDE + "ecs-using-tags.html",
)
def test_tags_come_from_the_definition(served: Served) -> None:
    container = {"name": "main", "image": served.image, "memory": 32, "cpu": 16}
    sleeps = {**container, "command": ["sh", "-c", "exec sleep 3600"]}
    made = served.ecs.register_task_definition(
        family=served.name, containerDefinitions=[sleeps], tags=OWN
    )
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
        tags=[{"key": "only", "value": "of the service"}],
        propagateTags="TASK_DEFINITION",
        enableECSManagedTags=True,
    )
    served.steady()

    assert of_task(served) == {
        **tags(OWN),
        "aws:ecs:clusterName": served.cluster,
        "aws:ecs:serviceName": served.name,
    }
    assert served.described()["enableECSManagedTags"] is True


@fact(
    "A resource has at most 50 tags, and none of a user's begins with aws:, in whatever case.",
    API + "API_CreateService.html",
)
@pytest.mark.parametrize(
    "wrong",
    [
        [{"key": f"k{n}", "value": ""} for n in range(51)],
        [{"key": "aws:mine", "value": ""}],
        [{"key": "AWS:mine", "value": ""}],
    ],
)
def test_tags_that_cannot_be(served: Served, wrong: list[Json]) -> None:
    with pytest.raises(ClientError) as refused:
        served.create(0, tags=wrong)
    arn = served.create(0)["serviceArn"]
    with pytest.raises(ClientError) as refused_later:
        served.ecs.tag_resource(resourceArn=arn, tags=wrong)

    for one in (refused, refused_later):
        assert one.value.response["Error"]["Code"] == "InvalidParameterException"
