"""How much a service may be asked for at once, and which percentages let it move."""

import pytest
from botocore.exceptions import ClientError

from tests.conformance.ledger import fact
from tests.conformance.refusing import told
from tests.conformance.serving import Json, Served

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
NEVER_STARTS = "127.0.0.1:1/none:1"  # an image that nobody has
ONE = {"targetGroupArn": "x", "containerName": "main", "containerPort": 80}


@fact(
    "Five deployments may have tasks at a time; a sixth is refused.",
    "aws/containers-roadmap#2836",
)
def test_at_most_five_deployments(served: Served) -> None:
    served.create(4)
    served.steady()
    for former in range(1, 5):
        newest = next(one["taskArn"] for one in served.tasks() if current(served, one))
        served.ecs.update_task_protection(
            cluster=served.cluster, tasks=[newest], protectionEnabled=True
        )
        served.update(forceNewDeployment=True)
        counts = [4, *[1] * former]
        served.until(
            lambda one, counts=counts: [it["runningCount"] for it in one["deployments"]] == counts
        )

    with pytest.raises(ClientError) as refused:
        served.update(forceNewDeployment=True)

    assert told(refused) == (
        "InvalidParameterException",
        "5 active deployments exist, unable to create new deployment.",
    )
    assert served.update(desiredCount=3)["desiredCount"] == 3


def current(served: Served, task: Json) -> bool:
    return bool(task["startedBy"] == served.described()["deployments"][0]["id"])


@fact(
    "A rollout that may neither stop a task nor start one moves nothing, and the service says what "
    "to change: the minimum is rounded up, the maximum down.",
    GUIDE + "service-event-messages-list.html",
)
@pytest.mark.parametrize(("count", "least", "most"), [(1, 50, 150), (2, 75, 100), (3, 100, 125)])
def test_percentages_that_let_nothing_move(
    served: Served, count: int, least: int, most: int
) -> None:
    limits = {"minimumHealthyPercent": least, "maximumPercent": most}
    made = served.create(
        count, deploymentConfiguration=limits, availabilityZoneRebalancing="DISABLED"
    )
    served.steady()

    served.update(taskDefinition=served.register())

    text = (
        f"(service {served.name}) was unable to stop or start tasks during a deployment because of "
        "the service deployment configuration. Update the minimumHealthyPercent or maximumPercent "
        "value and try again."
    )
    service = served.until(lambda one: text in [it["message"] for it in one["events"]])
    assert [one["runningCount"] for one in service["deployments"]] == [0, count]
    assert {one["taskDefinitionArn"] for one in served.tasks()} == {made["taskDefinition"]}


@fact(
    "The circuit breaker's threshold is what is configured: a count, or a part of the desired "
    "count, by default half of it between 3 and 200.",
    API + "API_ThresholdConfiguration.html " + GUIDE + "deployment-circuit-breaker.html",
)
@pytest.mark.parametrize(
    ("configured", "threshold"),
    [
        (None, 3),
        ({"type": "COUNT", "value": 7}, 7),
        ({"type": "BOUNDED_PERCENT", "value": 100}, 8),
        ({"type": "BOUNDED_PERCENT", "value": 10}, 3),
        ({"type": "UNBOUNDED_PERCENT", "value": 25}, 2),
    ],
)
def test_thresholds_of_the_breaker(served: Served, configured: Json | None, threshold: int) -> None:
    if configured is None:
        breaker: Json = {"enable": True, "rollback": False}
        count = 6
    else:
        breaker = {"enable": True, "rollback": False, "thresholdConfiguration": configured}
        count = 8
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=served.register(image=NEVER_STARTS),
        desiredCount=count,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker},
    )

    arn = served.deployments()[0]["serviceDeploymentArn"]

    served.until(lambda _: served.deployment(arn)["deploymentCircuitBreaker"]["threshold"])
    assert served.deployment(arn)["deploymentCircuitBreaker"]["threshold"] == threshold


@fact(
    "A count that is left out of an update stays, and a count alone makes no deployment.",
    API + "API_UpdateService.html",
)
def test_a_count_left_out_stays(served: Served) -> None:
    made = served.create(2)
    served.steady()

    scaled = served.update(desiredCount=3)
    rolled = served.update(taskDefinition=served.register())

    ids = [[one["id"] for one in service["deployments"]] for service in (made, scaled, rolled)]
    assert ids[1] == ids[0] == ids[2][1:]
    assert rolled["desiredCount"] == 3
    assert served.steady()["runningCount"] == 3


@fact(
    "A service has at most five load balancers; a role of its own is only for one that has any.",
    GUIDE
    + "register-multiple-targetgroups.html aws/aws-cli#1362 "
    + API
    + "API_CreateService.html",
)
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"loadBalancers": [ONE] * 6}, "load balancers can have at most 5 items."),
        (
            {"role": "ecsServiceRole"},
            "IAM roles are only valid for services configured to use load balancers.",
        ),
    ],
)
def test_what_a_service_may_not_have(served: Served, more: Json, words: str) -> None:
    with pytest.raises(ClientError) as refused:
        served.create(0, **more)

    assert told(refused) == ("InvalidParameterException", words)
