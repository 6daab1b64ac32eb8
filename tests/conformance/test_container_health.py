"""Container health checks: what a service makes of them."""

from tests.conformance.ledger import fact
from tests.conformance.serving import Json, Served
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
FAILS = {"command": ["CMD-SHELL", "exit 1"], "interval": 5, "timeout": 2, "retries": 1}
PASSES = {**FAILS, "command": ["CMD-SHELL", "exit 0"]}
REASON = "Task failed container health checks"


def serve(served: Served, check: Json, grace: int = 0, **configuration: object) -> None:
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=served.register(healthCheck=check),
        desiredCount=1,
        healthCheckGracePeriodSeconds=grace,
        deploymentConfiguration=configuration,
    )


@fact(
    "A rollout is not completed before the essential containers that have health checks are "
    "HEALTHY, though the task runs.",
    API + "API_DeploymentConfiguration.html aws/containers-roadmap#897",
)
def test_a_rollout_waits_for_container_health(served: Served) -> None:
    serve(served, PASSES)

    before = served.until(lambda one: one["runningCount"] == 1)
    [unknown] = served.tasks()
    served.steady()

    assert (before["deployments"][0]["rolloutState"], unknown["healthStatus"]) == (
        "IN_PROGRESS",
        "UNKNOWN",
    )
    assert [one["healthStatus"] for one in served.tasks()] == ["HEALTHY"]


@fact(
    "A task of a service whose containers become UNHEALTHY is stopped by the scheduler, an event "
    "names it, and it counts as failed.",
    API + "API_Deployment.html https://repost.aws/knowledge-center/ecs-task-stopped "
    "aws/copilot-cli (internal/pkg/term/progress/ecs_test.go)",
)
def test_an_unhealthy_task_is_stopped_and_counts(served: Served) -> None:
    threshold = {"type": "COUNT", "value": 1}
    breaker = {"enable": True, "rollback": False, "thresholdConfiguration": threshold}
    limits = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    serve(served, FAILS, deploymentCircuitBreaker=breaker, **limits)

    service = served.until(lambda one: one["deployments"][0]["rolloutState"] == "FAILED")

    [task] = until(lambda: served.tasks("STOPPED"))
    assert (task["stoppedReason"], task["stopCode"]) == (REASON, "ServiceSchedulerInitiated")
    task_id = task["taskArn"].rpartition("/")[2]
    said = [one["message"] for one in service["events"]]
    assert f"(service {served.name}) (task {task_id}) failed container health checks." in said


@fact(
    "In the health check grace period a task may be UNHEALTHY, with a load balancer or without.",
    API + "API_CreateService.html#ECS-CreateService-request-healthCheckGracePeriodSeconds",
)
def test_the_grace_period_is_for_containers_too(served: Served) -> None:
    serve(served, FAILS, grace=3600)

    [sick] = until(lambda: [it for it in served.tasks() if it["healthStatus"] == "UNHEALTHY"])

    assert (sick["lastStatus"], sick["desiredStatus"]) == ("RUNNING", "RUNNING")
    service = served.described()
    assert service["healthCheckGracePeriodSeconds"] == 3600
    assert service["deployments"][0]["failedTasks"] == 0
    assert served.tasks("STOPPED") == []
