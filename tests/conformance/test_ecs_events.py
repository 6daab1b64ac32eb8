"""Events of ECS, field by field as AWS publishes them"""

from __future__ import annotations

import re

from tests.conformance.eventing import Eventing, Json
from tests.conformance.ledger import fact
from tests.conformance.serving import Served

SOURCE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def listen(eventing: Eventing, detail_type: str, **more: object) -> None:
    eventing.listen({"source": ["aws.ecs"], "detail-type": [detail_type], **more})


@fact(
    "A task's every change is an event, with the task as it then is; dates are texts, and its "
    "overrides name every container.",
    SOURCE,
)
def test_a_task_tells_its_state(served: Served, eventing: Eventing) -> None:
    listen(eventing, "ECS Task State Change", detail={"group": [f"service:{served.name}"]})
    served.create(1)

    event = eventing.event(lambda one: one["detail"]["lastStatus"] == "RUNNING")

    detail = event["detail"]
    assert event["resources"] == [detail["taskArn"]]
    assert (detail["desiredStatus"], detail["launchType"]) == ("RUNNING", "EC2")
    assert detail.keys() >= {
        "attachments",
        "availabilityZone",
        "clusterArn",
        "containerInstanceArn",
        "containers",
        "connectivity",
        "connectivityAt",
        "cpu",
        "createdAt",
        "memory",
        "overrides",
        "pullStartedAt",
        "pullStoppedAt",
        "startedAt",
        "startedBy",
        "taskDefinitionArn",
        "updatedAt",
        "version",
    }
    for moment in ("createdAt", "connectivityAt", "pullStartedAt", "startedAt", "updatedAt"):
        assert MOMENT.fullmatch(detail[moment]), moment
    assert detail["overrides"]["containerOverrides"] == [{"name": "main"}]
    container = detail["containers"][0]
    assert (container["name"], container["lastStatus"]) == ("main", "RUNNING")
    assert container.keys() >= {
        "containerArn",
        "taskArn",
        "image",
        "imageDigest",
        "runtimeId",
        "networkInterfaces",
        "networkBindings",
        "cpu",
    }


@fact("The version of a task, by which its events are ordered, grows with each change.", SOURCE)
def test_a_task_event_has_its_version(served: Served, eventing: Eventing) -> None:
    listen(eventing, "ECS Task State Change", detail={"group": [f"service:{served.name}"]})
    served.create(1)

    pending = eventing.event(lambda one: one["detail"]["lastStatus"] == "PENDING")
    running = eventing.event(lambda one: one["detail"]["lastStatus"] == "RUNNING")
    served.update(desiredCount=0)
    stopped = eventing.event(lambda one: one["detail"]["lastStatus"] == "STOPPED")

    versions = [one["detail"]["version"] for one in (pending, running, stopped)]
    assert versions == sorted(set(versions))
    assert stopped["detail"]["stopCode"] == "ServiceSchedulerInitiated"
    assert stopped["detail"].keys() >= {"stoppedReason", "stoppingAt", "stoppedAt"}


@fact("A service that has become steady says so; a service action has no version.", SOURCE)
def test_a_steady_state_is_a_service_action(served: Served, eventing: Eventing) -> None:
    arn = f"service/{served.cluster}/{served.name}"
    listen(eventing, "ECS Service Action", resources=[{"suffix": arn}])
    service = served.create(1)

    event = eventing.event(lambda one: one["detail"]["eventName"] == "SERVICE_STEADY_STATE")

    assert event["resources"] == [service["serviceArn"]]
    assert event["detail"]["eventType"] == "INFO"
    assert event["detail"]["clusterArn"] == service["clusterArn"]
    assert MOMENT.fullmatch(event["detail"]["createdAt"])
    assert "version" not in event["detail"]


@fact("A service whose task fits nowhere: SERVICE_TASK_PLACEMENT_FAILURE, and why.", SOURCE)
def test_a_task_that_fits_nowhere_is_an_event(served: Served, eventing: Eventing) -> None:
    arn = f"service/{served.cluster}/{served.name}"
    listen(eventing, "ECS Service Action", resources=[{"suffix": arn}])
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=served.register(memory=100_000),
        desiredCount=1,
    )

    name = "SERVICE_TASK_PLACEMENT_FAILURE"
    event = eventing.event(lambda one: one["detail"]["eventName"] == name)

    assert event["detail"]["eventType"] == "ERROR"
    assert event["detail"]["reason"] == "RESOURCE:MEMORY"


@fact("A rollout tells that it is in progress, and that it is completed.", SOURCE)
def test_a_rollout_tells_its_state(served: Served, eventing: Eventing) -> None:
    arn = f"service/{served.cluster}/{served.name}"
    listen(eventing, "ECS Deployment State Change", resources=[{"suffix": arn}])
    service = served.create(1)
    deployment = service["deployments"][0]["id"]

    def named(event_name: str) -> Json:
        return eventing.event(lambda one: one["detail"]["eventName"] == event_name)

    begun = named("SERVICE_DEPLOYMENT_IN_PROGRESS")["detail"]
    completed = named("SERVICE_DEPLOYMENT_COMPLETED")["detail"]
    for detail in (begun, completed):
        assert (detail["eventType"], detail["deploymentId"]) == ("INFO", deployment)
        assert MOMENT.fullmatch(detail["updatedAt"])
    assert begun["reason"] == f"ECS deployment {deployment} in progress."
    assert completed["reason"] == f"ECS deployment {deployment} completed."
