"""Whole stacks at work: what one resource says of another holds once they are there"""

from __future__ import annotations

import json
from dataclasses import replace

from tests.conformance.conftest import Aws, Client, Place
from tests.conformance.ledger import fact
from tests.conformance.stacking import Json, Stacking
from tests.conformance.tasking import Tasking
from tests.conformance.test_templates import CAPABLE, COURSES, Course
from tests.conformance.waiting import until

DEVELOPER = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"


def _made(name: str, place: Place, stacking: Stacking, **parameters: str) -> dict[str, str]:
    """Physical ids of the template's stack, by logical ones."""
    (course,) = (one for one in COURSES if one.name == name)
    assert isinstance(course, Course)
    first, _ = course.varied(parameters).asked(place, stacking.name)
    assert stacking.create(**first, **CAPABLE) == "CREATE_COMPLETE", stacking.reasons()
    return stacking.physical_ids()


@fact(
    "A cluster's stack has instances in three zones that its capacity provider brought; a task "
    "that says nothing of where runs there, and the stack's rule brings its events to the queue.",
    f"{DEVELOPER}asg-capacity-providers.html {DEVELOPER}ecs_cwe_events.html",
)
def test_a_clusters_stack_works(aws: Aws, place: Place, stacking: Stacking, name: str) -> None:
    made = _made("cluster", place, stacking, MinInstances="3")
    ecs, cluster = aws.client("ecs"), made["Cluster"]
    tasking = Tasking(aws, replace(place, cluster=cluster), name)

    instances = until(lambda: _instances(ecs, cluster, 3))
    assert {one["capacityProviderName"] for one in instances} == {made["Capacity"]}
    assert len({_attribute(one, "ecs.availability-zone") for one in instances}) == 3

    task = tasking.run_one()
    assert tasking.running(task)["capacityProviderName"] == made["Capacity"]
    told = until(lambda: _event(aws.client("sqs"), made["Events"], task["taskArn"]))
    assert told["detail-type"] == "ECS Task State Change"
    tasking.clean()
    tasking.stopped(task)


@fact(
    "Every target of a service is registered with each of its load balancers' groups, and the "
    "service's resource is complete when they are healthy.",
    DEVELOPER + "register-multiple-targetgroups.html",
)
def test_a_service_is_behind_two_load_balancers(aws: Aws, place: Place, stacking: Stacking) -> None:
    made = _made("web", place, stacking)

    public, private = (
        _targets(aws.client("elbv2"), made[group]) for group in ("PublicTargets", "PrivateTargets")
    )

    assert len(public) == 2
    assert public == private
    assert set(public.values()) == {"healthy"}


@fact(
    "A task has the secrets and parameters of its stack in its environment, and writes to the "
    "log group of its stack.",
    f"{DEVELOPER}specifying-sensitive-data.html {DEVELOPER}using_awslogs.html",
)
def test_a_worker_has_what_its_stack_made(aws: Aws, place: Place, stacking: Stacking) -> None:
    said = 'echo "$CONCURRENCY at once, a password of ${{#PASSWORD}}, $JOBS"; exec sleep 3600'
    made = _made("worker", place, stacking, Command=said)
    logs = aws.client("logs")

    def lines() -> list[str]:
        found = logs.filter_log_events(logGroupName=made["Log"])["events"]
        return [one["message"] for one in found]

    assert until(lines) == [f"4 at once, a password of 40, {made['Jobs']}"]


def _instances(ecs: Client, cluster: str, count: int) -> list[Json]:
    arns = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
    if len(arns) < count:
        return []
    found = ecs.describe_container_instances(cluster=cluster, containerInstances=arns)
    return list(found["containerInstances"])


def _attribute(instance: Json, name: str) -> str:
    return next(str(one["value"]) for one in instance["attributes"] if one["name"] == name)


def _event(sqs: Client, queue: str, task: str) -> Json | None:
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    events = [json.loads(one["Body"]) for one in received.get("Messages", [])]
    return next((one for one in events if one["detail"].get("taskArn") == task), None)


def _targets(elbv2: Client, group: str) -> dict[tuple[str, int], str]:
    found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {
        (one["Target"]["Id"], one["Target"]["Port"]): one["TargetHealth"]["State"] for one in found
    }
