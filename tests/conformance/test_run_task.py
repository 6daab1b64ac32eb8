"""RunTask, StartTask, StopTask, and how tasks are found."""

from typing import Any

import pytest

from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.tasking import Tasking

Json = dict[str, Any]
DOCS = "https://docs.aws.amazon.com/AmazonECS/latest/"
API = DOCS + "APIReference/"
RUN = API + "API_RunTask.html"
START = API + "API_StartTask.html"
FAILURES = API + "api_failures_messages.html"
INVALID = "InvalidParameterException"


@fact("RunTask runs one to ten tasks.", RUN)
def test_up_to_ten_tasks_are_run_at_once(tasking: Tasking) -> None:
    definition = tasking.register(tasking.container("exit 0"))

    assert len(tasking.run(definition, count=3)["tasks"]) == 3
    for count in (0, 11):
        assert refusal(tasking.run, definition, count=count)[0] == INVALID


@fact("A task is of the group `family:` and its family, unless it is told another.", RUN)
def test_the_group_of_a_task(tasking: Tasking) -> None:
    definition = tasking.register(tasking.container("exit 0"))

    groups = [
        tasking.run(definition, **more)["tasks"][0]["group"] for more in ({}, {"group": "mine"})
    ]

    assert groups == [f"family:{tasking.name}", "mine"]


@fact("Overrides change command, environment, CPU and memory of a run alone.", RUN)
def test_overrides(tasking: Tasking) -> None:
    definition = tasking.register(tasking.container("exit 1"))
    override = {
        "name": "main",
        "command": ["sh", "-c", "exit $CODE"],
        "environment": [{"name": "CODE", "value": "7"}],
        "memory": 48,
    }

    task = tasking.run(definition, overrides={"containerOverrides": [override]})["tasks"][0]

    assert task["overrides"]["containerOverrides"] == [override]
    assert task["memory"] == "48"
    assert tasking.stopped(task)["containers"][0]["exitCode"] == 7


@fact(
    "An override for a container that is not there is refused.",
    API + "API_ContainerOverride.html",
)
def test_an_override_for_nobody(tasking: Tasking) -> None:
    overrides = {"containerOverrides": [{"name": "x"}]}

    assert refusal(tasking.run, tasking.register(), overrides=overrides) == (
        INVALID,
        "Override for container named x is not a container in the TaskDefinition.",
    )


@fact("Overrides have at most 8192 characters, formatting included.", RUN)
def test_overrides_are_not_long(tasking: Tasking) -> None:
    override = {"name": "main", "environment": [{"name": "A", "value": "x" * 8192}]}

    assert refusal(
        tasking.run, tasking.register(), overrides={"containerOverrides": [override]}
    ) == (INVALID, "Container Overrides length must be at most 8192")


@fact("startedBy has at most 128 characters with RunTask, 36 with StartTask.", START)
def test_started_by_is_not_long(tasking: Tasking) -> None:
    definition = tasking.register(tasking.container("exit 0"))
    instances = tasking.instances()[:1]

    assert tasking.run(definition, startedBy="x" * 128)["tasks"][0]["startedBy"] == "x" * 128
    assert refusal(tasking.run, definition, startedBy="x" * 129)[0] == INVALID
    asked = {
        "cluster": tasking.cluster,
        "taskDefinition": definition,
        "containerInstances": instances,
    }
    assert refusal(tasking.ecs.start_task, **asked, startedBy="x" * 37)[0] == INVALID


@fact(
    "A client token runs tasks once; with other parameters it is a ConflictException.",
    DOCS + "APIReference/ECS_Idempotency.html",
)
def test_a_client_token_runs_once(tasking: Tasking) -> None:
    definition, token = tasking.register(tasking.container("exit 0")), tasking.name

    first, second = (tasking.run(definition, clientToken=token)["tasks"] for _ in range(2))

    assert [one["taskArn"] for one in first] == [one["taskArn"] for one in second]
    assert refusal(tasking.run, definition, clientToken=token, count=2)[0] == "ConflictException"


@fact("An INACTIVE task definition runs no new tasks.", API + "API_DeregisterTaskDefinition.html")
def test_an_inactive_definition_runs_nothing(tasking: Tasking) -> None:
    definition = tasking.register()
    tasking.ecs.deregister_task_definition(taskDefinition=definition)

    assert refusal(tasking.run, definition) == ("ClientException", "TaskDefinition is inactive")


@fact("A task larger than every instance is a failure for each of them, with its reason.", FAILURES)
def test_why_a_task_does_not_fit(tasking: Tasking) -> None:
    memory = tasking.register(tasking.container(memory=4_000_000))
    cpu = tasking.register(tasking.container(cpu=190_000))

    for definition, reason in ((memory, "RESOURCE:MEMORY"), (cpu, "RESOURCE:CPU")):
        answer = tasking.run(definition)
        assert answer["tasks"] == []
        assert {one["reason"] for one in answer["failures"]} == {reason}
        assert {one["arn"] for one in answer["failures"]} <= set(tasking.instances())


@fact("A host port that is taken on every instance is RESOURCE:PORTS.", FAILURES)
def test_a_host_port_is_taken_once_an_instance(tasking: Tasking) -> None:
    ports = [{"containerPort": 8080, "hostPort": 23_987}]
    definition = tasking.register(tasking.container(portMappings=ports))

    answer = tasking.run(definition, count=3)

    assert len(answer["tasks"]) == len(tasking.instances()) == 2
    assert {one["reason"] for one in answer["failures"]} == {"RESOURCE:PORTS"}


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        (
            {"type": "memberOf", "expression": "attribute:ecs.instance-type == none.such"},
            "MemberOf placement constraint unsatisfied.",
        ),
        ({"type": "distinctInstance"}, "DistinctInstance placement constraint unsatisfied."),
    ],
)
@fact(
    "Instances that a constraint excludes are failures with its name.",
    FAILURES,
)
def test_where_a_task_may_not_be(constraint: Json, reason: str, tasking: Tasking) -> None:
    answer = tasking.run(tasking.register(), count=3, placementConstraints=[constraint])

    assert len(answer["tasks"]) == (2 if constraint["type"] == "distinctInstance" else 0)
    assert {one["reason"] for one in answer["failures"]} == {reason}
    assert {one["arn"] for one in answer["failures"]} <= set(tasking.instances())


@fact(
    "A cluster without instances runs nothing.",
    "eagletmt/hako lib/hako/schedulers/ecs.rb",
)
def test_a_cluster_without_instances(tasking: Tasking) -> None:
    tasking.ecs.create_cluster(clusterName=tasking.name)
    definition = tasking.register()

    refused = refusal(tasking.ecs.run_task, cluster=tasking.name, taskDefinition=definition)

    tasking.ecs.delete_cluster(cluster=tasking.name)
    assert refused == (INVALID, "No Container Instances were found in your cluster.")


@fact("StartTask puts a task where it is told; an instance that is not there is MISSING.", START)
def test_a_task_is_started_where_it_is_told(tasking: Tasking) -> None:
    instance = tasking.instances()[0]

    answer = tasking.ecs.start_task(
        cluster=tasking.cluster,
        taskDefinition=tasking.register(),
        containerInstances=[instance, "0" * 32],
    )

    tasking.run_so_far += [one["taskArn"] for one in answer["tasks"]]
    assert [one["containerInstanceArn"] for one in answer["tasks"]] == [instance]
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]


@fact("Tags are the task's own, its definition's when propagated, and ECS's own when enabled.", RUN)
def test_tags_of_a_task(tasking: Tasking) -> None:
    definition = tasking.register(
        tasking.container("exit 0"), tags=[{"key": "of", "value": "definition"}]
    )

    task = tasking.run(
        definition,
        tags=[{"key": "mine", "value": "yes"}],
        propagateTags="TASK_DEFINITION",
        enableECSManagedTags=True,
    )["tasks"][0]

    tags = tasking.describe(task, include=["TAGS"])["tags"]
    assert {one["key"]: one["value"] for one in tags} == {
        "of": "definition",
        "mine": "yes",
        "aws:ecs:clusterName": tasking.cluster,
    }
    assert tasking.describe(task).get("tags", []) == []


@fact("The prefix aws: is not for anybody's tags.", RUN)
def test_reserved_tags(tasking: Tasking) -> None:
    tags = [{"key": "aws:mine", "value": "x"}]

    assert refusal(tasking.run, tasking.register(), tags=tags)[0] == INVALID


@fact(
    "Tasks are listed by family, instance, startedBy and desired status; nothing is ever PENDING.",
    API + "API_ListTasks.html",
)
def test_tasks_are_listed(tasking: Tasking) -> None:
    sleeping = tasking.run(tasking.register(), startedBy=tasking.name)["tasks"][0]
    over = tasking.run_one(tasking.container("exit 0"))
    tasking.stopped(over)

    both = {"family": tasking.name}
    assert tasking.listed(**both) == {sleeping["taskArn"]}
    assert tasking.listed(**both, desiredStatus="STOPPED") == {over["taskArn"]}
    assert tasking.listed(**both, desiredStatus="PENDING") == set()
    assert tasking.listed(startedBy=tasking.name) == {sleeping["taskArn"]}
    instance = sleeping["containerInstanceArn"]
    assert sleeping["taskArn"] in tasking.listed(containerInstance=instance)


@fact("startedBy is the only filter where it is one.", API + "API_ListTasks.html")
def test_started_by_stands_alone(tasking: Tasking) -> None:
    assert refusal(tasking.listed, startedBy="x", family="y")[0] == INVALID


@fact(
    "Up to 100 tasks are described at once; one that is not there is MISSING.",
    API + "API_DescribeTasks.html",
)
def test_tasks_are_described(tasking: Tasking) -> None:
    describe = tasking.ecs.describe_tasks

    missing = describe(cluster=tasking.cluster, tasks=["0" * 32])

    assert [one["reason"] for one in missing["failures"]] == ["MISSING"]
    for tasks in ([], ["0" * 32] * 101):
        assert refusal(describe, cluster=tasking.cluster, tasks=tasks)[0] == INVALID


@fact(
    "A stopped task keeps the reason it was given, of at most 1024 characters.",
    API + "API_StopTask.html",
)
def test_a_task_is_stopped(tasking: Tasking) -> None:
    task = tasking.running(tasking.run_one())
    stop = tasking.ecs.stop_task
    asked = {"cluster": tasking.cluster, "task": task["taskArn"]}

    assert refusal(stop, **asked, reason="x" * 1025)[0] == INVALID
    answered = stop(**asked, reason="bye")["task"]

    assert answered["desiredStatus"] == "STOPPED"
    stopped = tasking.stopped(task)
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "bye")
    again = stop(**asked, reason="again")["task"]
    assert again["stoppedReason"] == "bye"


@fact("Stopping a task that is not there is refused.", API + "API_StopTask.html")
def test_nobody_is_stopped(tasking: Tasking) -> None:
    assert refusal(tasking.ecs.stop_task, cluster=tasking.cluster, task="0" * 32) == (
        INVALID,
        "The referenced task was not found.",
    )
