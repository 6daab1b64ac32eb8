"""Task scale-in protection: asked for, told of, and what it keeps ECS from."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.serving import Json, Served
from tests.conformance.tasking import Tasking
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
MINUTE = timedelta(minutes=1)


def arns(served: Served) -> list[str]:
    return [one["taskArn"] for one in served.tasks()]


def protect(served: Served, *tasks: str, enabled: bool = True, **more: object) -> Json:
    asked = {"cluster": served.cluster, "tasks": list(tasks), "protectionEnabled": enabled}
    return dict(served.ecs.update_task_protection(**asked, **more))


def lasts(protected: Json) -> timedelta:
    until_then: datetime = protected["expirationDate"]
    return until_then - datetime.now(UTC)


@fact(
    "A task is protected for two hours, or for as many minutes as are asked, from then on; "
    "GetTaskProtection tells until when. Without protection there is no date.",
    API + "API_UpdateTaskProtection.html " + API + "API_ProtectedTask.html",
)
def test_how_long_protection_lasts(served: Served) -> None:
    served.create(1)
    served.steady()
    [task] = arns(served)

    [long] = protect(served, task)["protectedTasks"]
    [short] = protect(served, task, expiresInMinutes=5)["protectedTasks"]
    shown = served.ecs.get_task_protection(cluster=served.cluster, tasks=[task])
    [none] = protect(served, task, enabled=False)["protectedTasks"]

    assert (long["taskArn"], long["protectionEnabled"]) == (task, True)
    assert 119 * MINUTE < lasts(long) <= 120 * MINUTE
    assert 4 * MINUTE < lasts(short) <= 5 * MINUTE
    assert (shown["protectedTasks"], shown["failures"]) == ([short], [])
    assert (none["protectionEnabled"], none.get("expirationDate")) == (False, None)


@fact(
    "A protected task is not scaled in; the service says so, and EventBridge.",
    GUIDE + "task-scale-in-protection.html " + GUIDE + "service-event-messages-list.html",
)
def test_a_protected_task_is_not_scaled_in(served: Served, eventing: Eventing) -> None:
    made = served.create(2)
    served.steady()
    kept, other = arns(served)
    kind = {"source": ["aws.ecs"], "detail-type": ["ECS Service Action"]}
    eventing.listen({**kind, "resources": [made["serviceArn"]]})
    protect(served, kept, other)

    served.update(desiredCount=1)

    name = "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION"
    eventing.event(lambda one: one["detail"]["eventName"] == name)
    said = [one["message"] for one in served.described()["events"]]
    assert any("unable to scale in due to (reason 2 tasks under protection)" in it for it in said)
    assert sorted(arns(served)) == sorted([kept, other])
    protect(served, other, enabled=False)
    until(lambda: arns(served) == [kept])


@fact(
    "A rolling update starts new tasks, but an old one that is protected stays until its "
    "protection is taken away.",
    GUIDE + "task-scale-in-protection.html",
)
def test_a_rollout_waits_for_protected_tasks(served: Served) -> None:
    served.create(1)
    served.steady()
    [old] = arns(served)
    protect(served, old)

    served.update(taskDefinition=served.register())

    two = served.until(lambda one: [it["runningCount"] for it in one["deployments"]] == [1, 1])
    assert two["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert old in arns(served)
    protect(served, old, enabled=False)
    served.steady()
    assert old not in arns(served)


@fact(
    "Only tasks of services can be protected: a task that runs alone is a failure TASK_NOT_VALID, "
    "one that is not there MISSING.",
    GUIDE + "api_failures_messages.html",
)
def test_whose_tasks_can_be_protected(served: Served, tasking: Tasking) -> None:
    alone = tasking.run_one()
    gone = f"{alone['taskArn'][:-4]}0000"

    for answer in (
        protect(served, alone["taskArn"], gone),
        served.ecs.get_task_protection(cluster=served.cluster, tasks=[alone["taskArn"], gone]),
    ):
        failures = {one["arn"]: one["reason"] for one in answer["failures"]}
        assert answer["protectedTasks"] == []
        assert failures == {alone["taskArn"]: "TASK_NOT_VALID", gone: "MISSING"}


@fact(
    "While a service has more protected tasks than it wants tasks, none can be protected: "
    "DEPLOYMENT_BLOCKED; protection can be taken away.",
    GUIDE + "api_failures_messages.html " + GUIDE + "task-scale-in-protection.html",
)
def test_protection_that_blocks_a_deployment(served: Served) -> None:
    served.create(2)
    served.steady()
    one, two = arns(served)
    protect(served, one, two)
    served.update(desiredCount=1)

    refused = protect(served, one)
    released = protect(served, two, enabled=False)
    until(lambda: arns(served) == [one])
    again = protect(served, one)

    assert refused["protectedTasks"] == []
    assert [(it["arn"], it["reason"]) for it in refused["failures"]] == [
        (one, "DEPLOYMENT_BLOCKED")
    ]
    assert (released["failures"], again["failures"]) == ([], [])


@fact(
    "Protection is asked for at most ten tasks at once, for 1 to 2,880 minutes.",
    API + "API_UpdateTaskProtection.html",
)
@pytest.mark.parametrize(
    "more", [{"tasks": ["x"] * 11}, {"expiresInMinutes": 0}, {"expiresInMinutes": 2881}]
)
def test_limits_of_protection(served: Served, more: Json) -> None:
    asked = {"cluster": served.cluster, "tasks": ["x"], "protectionEnabled": True, **more}

    with pytest.raises(ClientError) as refused:
        served.ecs.update_task_protection(**asked)

    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
