"""ECS task definitions: registered, refused, deregistered, deleted, listed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.conftest import Aws, Client
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal

Json = dict[str, Any]
Register = Callable[..., Json]
DOCS = "https://docs.aws.amazon.com/AmazonECS/latest/"
API = DOCS + "APIReference/"
PARAMETERS = DOCS + "developerguide/task_definition_parameters.html"
ROLE = "arn:aws:iam::123456789012:role/none"


@pytest.fixture
def ecs(aws: Aws) -> Client:
    return aws.client("ecs")


@pytest.fixture
def register(ecs: Client, name: str) -> Iterator[Register]:
    """A definition in a family of the test, one container unless others are given."""

    def register(*containers: Json, **more: object) -> Json:
        made = ecs.register_task_definition(
            **{
                "family": name,
                "containerDefinitions": [container(**one) for one in containers or ({},)],
                **more,
            }
        )
        return dict(made["taskDefinition"])

    yield register
    for status in ("ACTIVE", "INACTIVE"):
        listed = ecs.list_task_definitions(familyPrefix=name, status=status)["taskDefinitionArns"]
        for arn in listed:
            if status == "ACTIVE":
                ecs.deregister_task_definition(taskDefinition=arn)
            ecs.delete_task_definitions(taskDefinitions=[arn])


def container(**more: object) -> Json:
    return {"name": "main", "image": "busybox", "memory": 32, **more}


@fact(
    "Revisions of a family are numbered from 1, and never twice.",
    API + "API_RegisterTaskDefinition.html",
)
def test_revisions_are_numbered(register: Register, ecs: Client) -> None:
    first, second = register(), register()

    ecs.deregister_task_definition(taskDefinition=second["taskDefinitionArn"])
    ecs.delete_task_definitions(taskDefinitions=[second["taskDefinitionArn"]])
    third = register()

    assert [one["revision"] for one in (first, second, third)] == [1, 2, 3]
    assert third["taskDefinitionArn"].endswith(f":task-definition/{third['family']}:3")


@fact(
    "Without a status only ACTIVE revisions are listed, in ascending order unless DESC is asked.",
    API + "API_ListTaskDefinitions.html",
)
def test_revisions_are_listed_by_status(register: Register, ecs: Client, name: str) -> None:
    arns = [register()["taskDefinitionArn"] for _ in range(3)]
    ecs.deregister_task_definition(taskDefinition=arns[0])

    def listed(**which: str) -> list[str]:
        found = ecs.list_task_definitions(familyPrefix=name, **which)
        return list(found["taskDefinitionArns"])

    assert listed() == arns[1:]
    assert listed(sort="DESC") == [arns[2], arns[1]]
    assert listed(status="INACTIVE") == arns[:1]


@fact(
    "A family with an ACTIVE revision is ACTIVE, one without is INACTIVE; ALL lists both.",
    API + "API_ListTaskDefinitionFamilies.html",
)
def test_families_are_listed_by_status(register: Register, ecs: Client, name: str) -> None:
    arn = register()["taskDefinitionArn"]

    def listed(**which: str) -> list[str]:
        found = ecs.list_task_definition_families(familyPrefix=name[:-1], **which)["families"]
        return [one for one in found if one == name]

    assert (listed(status="ACTIVE"), listed(status="INACTIVE")) == ([name], [])
    ecs.deregister_task_definition(taskDefinition=arn)
    assert (listed(status="ACTIVE"), listed(status="INACTIVE")) == ([], [name])
    assert listed() == [name]


@fact(
    "A deregistered revision is INACTIVE and may still be described.",
    API + "API_DeregisterTaskDefinition.html",
)
def test_a_deregistered_revision_is_inactive(register: Register, ecs: Client) -> None:
    arn = register()["taskDefinitionArn"]

    answered = ecs.deregister_task_definition(taskDefinition=arn)["taskDefinition"]

    assert answered["status"] == "INACTIVE"
    shown = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert (shown["status"], "deregisteredAt" in shown) == ("INACTIVE", True)
    assert refusal(ecs.deregister_task_definition, taskDefinition=arn)[0] == "ClientException"


@fact("Deregistering needs a revision.", API + "API_DeregisterTaskDefinition.html")
def test_deregistering_needs_a_revision(register: Register, ecs: Client, name: str) -> None:
    register()

    assert refusal(ecs.deregister_task_definition, taskDefinition=name)[0] == "ClientException"


@fact(
    "Only INACTIVE revisions are deleted; an ACTIVE one is a failure of the answer.",
    API + "API_DeleteTaskDefinitions.html",
)
def test_a_revision_is_deregistered_before_it_is_deleted(register: Register, ecs: Client) -> None:
    active, inactive = (register()["taskDefinitionArn"] for _ in range(2))
    ecs.deregister_task_definition(taskDefinition=inactive)

    answer = ecs.delete_task_definitions(taskDefinitions=[active, inactive])

    assert [one["taskDefinitionArn"] for one in answer["taskDefinitions"]] == [inactive]
    assert answer["taskDefinitions"][0]["status"] == "DELETE_IN_PROGRESS"
    assert [one["arn"] for one in answer["failures"]] == [active]


@fact("At most ten revisions are deleted in a call.", API + "API_DeleteTaskDefinitions.html")
def test_ten_revisions_are_deleted_at_once_at_most(ecs: Client, name: str) -> None:
    asked = [f"{name}:{number}" for number in range(1, 12)]

    assert refusal(ecs.delete_task_definitions, taskDefinitions=asked)[0] == (
        "InvalidParameterException"
    )


@fact("Tags are shown where TAGS are included.", API + "API_DescribeTaskDefinition.html")
def test_tags_are_shown_when_asked_for(register: Register, ecs: Client) -> None:
    tags = [{"key": "team", "value": "blue"}]
    arn = register(tags=tags)["taskDefinitionArn"]

    without = ecs.describe_task_definition(taskDefinition=arn)
    shown = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])

    assert (without.get("tags", []), shown["tags"]) == ([], tags)


@fact(
    "What was left out is shown with its default: bridge, essential, no units of CPU, any host "
    "port, tcp.",
    PARAMETERS,
)
def test_defaults_are_filled_in(register: Register) -> None:
    whole = register({"portMappings": [{"containerPort": 80}]})

    assert whole["networkMode"] == "bridge"
    shown = whole["containerDefinitions"][0]
    assert (shown["essential"], shown["cpu"], shown["environment"]) == (True, 0, [])
    assert shown["portMappings"] == [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}]


@fact(
    "A health check looks every 30 seconds, waits 5, and gives up after 3 unless told otherwise.",
    API + "API_HealthCheck.html",
)
def test_a_health_check_has_defaults(register: Register) -> None:
    check = {"command": ["CMD-SHELL", "exit 0"]}

    shown = register({"healthCheck": check})["containerDefinitions"][0]["healthCheck"]

    assert shown == check | {"interval": 30, "timeout": 5, "retries": 3}


@fact(
    "What a definition needs of an instance is told: awslogs, secrets, health checks, ordering.",
    "https://github.com/aws/amazon-ecs-agent/blob/master/agent/app/agent_capability.go",
)
def test_required_attributes(register: Register) -> None:
    options = {"awslogs-group": "g", "awslogs-region": "us-east-1"}
    side = {"name": "side", "healthCheck": {"command": ["CMD", "true"]}, "essential": False}
    main = {
        "dependsOn": [{"containerName": "side", "condition": "HEALTHY"}],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }

    found = {one["name"] for one in register(main, side)["requiresAttributes"]}

    assert {
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
        "ecs.capability.container-health-check",
        "ecs.capability.container-ordering",
    } <= found


LOGS = {"logConfiguration": {"logDriver": "awslogs", "options": {}}}
SECRET = {"name": "A", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/a"}
WRONG: dict[str, tuple[list[Json], str, str]] = {
    "no image": (
        [{"image": ""}],
        "Container.image should not be null or empty.",
        "https://github.com/aws/aws-cli/issues/5924",
    ),
    "no memory": (
        [{"memory": None}],
        "Invalid setting for container 'main'. At least one of 'memory' or 'memoryReservation' "
        "must be specified.",
        "https://github.com/sil-org/ecs-deploy/issues/59",
    ),
    "eleven containers": (
        [{"name": f"c{number}"} for number in range(11)],
        "Too many containers.",
        "https://github.com/aws/amazon-ecs-cli/issues/184",
    ),
    "a port that is none": (
        [{"portMappings": [{"hostPort": 7000}]}],
        "Invalid 'containerPort' setting for container 'main'.",
        "https://github.com/aws/aws-cli/issues/7288",
    ),
    "a host port twice": (
        [
            {"name": name, "portMappings": [{"containerPort": 80, "hostPort": 3000}]}
            for name in ("a", "b")
        ],
        "TCP host port '3000' is mapped multiple times in task.",
        "https://github.com/aws/amazon-ecs-agent/issues/1220",
    ),
    "a dependency on nobody": (
        [{"dependsOn": [{"containerName": "x", "condition": "START"}]}],
        "Cannot depend on container + 'x' because it does not exist",
        "https://github.com/dagster-io/dagster/issues/6926",
    ),
    "waiting for the end of an essential container": (
        [{"dependsOn": [{"containerName": "x", "condition": "SUCCESS"}]}, {"name": "x"}],
        "A dependency container with SUCCESS or COMPLETE condition cannot be an essential "
        "container",
        "https://github.com/boto/boto3/issues/2436",
    ),
}


@pytest.mark.parametrize("what", WRONG)
@fact("What cannot run is refused, in these words.", WRONG["no image"][2])
def test_what_cannot_run_is_refused(what: str, register: Register) -> None:
    containers, sentence, _ = WRONG[what]
    given = [
        {key: value for key, value in container(**one).items() if value is not None}
        for one in containers
    ]

    assert refusal(register, containerDefinitions=given) == ("ClientException", sentence)


@fact(
    "A container asks for no more memory than its task has.",
    "https://github.com/pulumi/pulumi-awsx/issues/1220",
)
def test_a_container_is_no_larger_than_its_task(register: Register) -> None:
    assert refusal(register, {"memory": 600}, memory="512") == (
        "ClientException",
        "The 'memory' setting for container 'main' is greater than for the task.",
    )


@fact(
    "All containers together reserve no more memory than their task has.",
    "https://github.com/cloudnativedaysjp/dreamkast-infra/pull/4766",
)
def test_the_containers_fit_their_task(register: Register) -> None:
    parts = ({"name": name, "memoryReservation": 32} for name in ("a", "b"))

    assert refusal(register, *parts, memory="50") == (
        "ClientException",
        "The sum of all container 'memoryReservation' values cannot be greater than the value of "
        "the task 'memory'.",
    )


@pytest.mark.parametrize(
    ("containers", "more"),
    [
        ([{}], {"family": "no spaces"}),
        ([{}], {"family": ""}),
        ([{"name": "no spaces"}], {}),
        ([{"essential": False}], {}),
        ([{"name": "a"}, {"name": "a"}], {}),
        ([{"memory": 5}], {}),
        ([{"memory": 8, "memoryReservation": 9}], {}),
        ([{"portMappings": [{"containerPort": 70000}]}], {}),
        ([{"healthCheck": {"command": ["CMD", "true"], "interval": 4}}], {}),
        ([{"healthCheck": {"command": ["CMD", "true"], "retries": 11}}], {}),
        ([{"healthCheck": {"command": []}}], {}),
        ([LOGS], {}),
        ([{"secrets": [SECRET]}], {}),
        (
            [{"secrets": [SECRET], "environment": [{"name": "A", "value": "b"}]}],
            {"executionRoleArn": ROLE},
        ),
        ([{}], {"cpu": "1"}),
        ([{}], {"memory": "a lot"}),
        ([{"environment": [{"name": "A", "value": "x" * 65_536}]}], {}),
        (
            [
                {
                    "name": one,
                    "dependsOn": [{"containerName": other, "condition": "START"}],
                }
                for one, other in (("a", "b"), ("b", "a"))
            ],
            {},
        ),
        (
            [{"dependsOn": [{"containerName": "b", "condition": "HEALTHY"}]}, {"name": "b"}],
            {},
        ),
    ],
    ids=lambda value: str(value)[:50],
)
@fact(
    "Bad names, sizes, ports, ranges, dependencies and more than 64 KB are ClientExceptions.",
    PARAMETERS,
)
def test_what_is_out_of_range_is_refused(
    containers: list[Json], more: Json, register: Register
) -> None:
    assert refusal(register, *containers, **more)[0] == "ClientException"


@fact(
    "Fargate runs tasks of certain sizes in awsvpc mode, no others.",
    DOCS + "developerguide/fargate-tasks-services.html",
)
def test_fargate_takes_certain_sizes(register: Register) -> None:
    fargate = {"requiresCompatibilities": ["FARGATE"]}

    bridged = refusal(register, **fargate)
    wrong = refusal(register, **fargate, networkMode="awsvpc", cpu="256", memory="4096")

    assert bridged == ("ClientException", "Fargate only supports network mode ‘awsvpc’.")  # noqa: RUF001  AWS's own marks
    assert wrong[1].startswith("No Fargate configuration exists for given values")
