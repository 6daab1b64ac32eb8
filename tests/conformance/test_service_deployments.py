"""Service deployments and revisions: what is kept of each rollout, and how one is stopped."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.conformance.ledger import fact
from tests.conformance.serving import Json, Served
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
BREAKER = {
    "enable": True,
    "rollback": True,
    "resetOnHealthyTask": False,
    "thresholdConfiguration": {"type": "COUNT", "value": 3},
}
NEVER_STARTS = "127.0.0.1:1/none:1"  # an image that nobody has


def stays(served: Served) -> str:
    """A rollout that never ends; the ARN of its service deployment."""
    served.update(taskDefinition=served.register(image=NEVER_STARTS))
    return str(served.deployments()[0]["serviceDeploymentArn"])


def arns(deployments: list[Json]) -> list[str]:
    return [one["serviceDeploymentArn"] for one in deployments]


def ended(served: Served, arn: str) -> Json:
    return until(lambda: (one := served.deployment(arn)) and "finishedAt" in one and one)


@fact(
    "A new service has a service deployment that ends SUCCESSFUL; a change of what its tasks are "
    "made of, or a forced one, makes another; a change of the count makes none.",
    GUIDE + "service-deployment.html",
)
def test_what_makes_a_service_deployment(served: Served) -> None:
    served.create(1)
    served.steady()
    [first] = served.deployments()
    served.update(desiredCount=2)
    served.steady()
    assert len(served.deployments()) == 1

    service = served.update(forceNewDeployment=True)
    served.steady()

    second, again = served.deployments()
    assert again["serviceDeploymentArn"] == first["serviceDeploymentArn"]
    assert service["currentServiceDeployment"] == second["serviceDeploymentArn"]
    assert [one["status"] for one in (second, again)] == ["SUCCESSFUL", "SUCCESSFUL"]
    whole = served.deployment(second["serviceDeploymentArn"])
    [source] = whole["sourceServiceRevisions"]
    assert source["arn"] == again["targetServiceRevisionArn"]
    target = whole["targetServiceRevision"]
    assert (target["requestedTaskCount"], target["runningTaskCount"]) == (2, 2)
    [current] = served.described()["currentServiceRevisions"]
    assert (current["arn"], current["runningTaskCount"]) == (target["arn"], 2)


@fact(
    "Service deployments are listed newest first, by status and by time of creation.",
    API + "API_ListServiceDeployments.html",
)
def test_service_deployments_are_listed_by_status_and_time(served: Served) -> None:
    served.create(1)
    served.steady()
    stuck = stays(served)
    new, old = served.deployments()

    assert new["serviceDeploymentArn"] == stuck
    assert arns(served.deployments(status=["SUCCESSFUL"])) == arns([old])
    later = old["createdAt"] + timedelta(milliseconds=1)
    assert arns(served.deployments(createdAt={"after": later})) == [stuck]
    assert served.deployments(createdAt={"before": old["createdAt"] - timedelta(days=1)}) == []
    page = served.ecs.list_service_deployments(**served.which, maxResults=1)
    rest = served.ecs.list_service_deployments(**served.which, nextToken=page["nextToken"])
    pages = [*page["serviceDeployments"], *rest["serviceDeployments"]]
    assert arns(pages) == arns([new, old])


@fact(
    "A service revision tells task definition, load balancers and the digests of the images; "
    "what is not there is a failure MISSING.",
    API + "API_DescribeServiceRevisions.html",
)
def test_a_service_revision_as_described(served: Served) -> None:
    service = served.create(1)
    served.steady()
    arn = served.deployments()[0]["targetServiceRevisionArn"]

    found = served.ecs.describe_service_revisions(serviceRevisionArns=[arn, f"{arn}1"])

    [revision] = found["serviceRevisions"]
    assert revision["serviceArn"] == service["serviceArn"]
    assert revision["taskDefinition"] == service["taskDefinition"]
    assert revision["launchType"] == "EC2"
    [image] = revision["containerImages"]
    assert (image["containerName"], image["image"]) == ("main", served.image)
    assert image["imageDigest"].startswith("sha256:")
    assert [(one["arn"], one["reason"]) for one in found["failures"]] == [(f"{arn}1", "MISSING")]


@fact(
    "A rollout that is stopped goes back to the last one that was completed, though no rollback "
    "is configured: ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS, ROLLBACK_SUCCESSFUL.",
    GUIDE + "stop-service-deployment.html",
)
def test_a_stopped_rollout_goes_back(served: Served) -> None:
    good = served.create(1)["taskDefinition"]
    served.steady()
    revision = served.deployments()[0]["targetServiceRevisionArn"]
    arn = stays(served)

    answer = served.ecs.stop_service_deployment(serviceDeploymentArn=arn)

    assert answer["serviceDeploymentArn"] == arn
    deployment = ended(served, arn)
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["rollback"]["serviceRevisionArn"] == revision
    assert served.steady()["taskDefinition"] == good


@fact(
    "A rollout that is over cannot be stopped: ConflictException. One that is not there: "
    "ServiceDeploymentNotFoundException. ROLLBACK is the only stop type.",
    API + "API_StopServiceDeployment.html",
)
def test_what_cannot_be_stopped(served: Served) -> None:
    served.create(0)
    served.steady()
    arn = served.deployments()[0]["serviceDeploymentArn"]

    for code, asked in (
        ("ConflictException", {"serviceDeploymentArn": arn}),
        ("ServiceDeploymentNotFoundException", {"serviceDeploymentArn": f"{arn}x"}),
        ("InvalidParameterException", {"serviceDeploymentArn": arn, "stopType": "ABORT"}),
    ):
        with pytest.raises(ClientError) as refused:
            served.ecs.stop_service_deployment(**asked)
        assert refused.value.response["Error"]["Code"] == code


@fact(
    "The circuit breaker rolls back to the last completed deployment, and the service deployment "
    "that failed says so.",
    GUIDE + "deployment-circuit-breaker.html https://github.com/hashicorp/terraform-provider-aws "
    "(internal/service/ecs/service_test.go)",
)
def test_a_rollout_that_fails_is_rolled_back(served: Served) -> None:
    good = served.create(1, deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
    served.steady()
    failing = stays(served)

    deployment = ended(served, failing)

    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["statusReason"] == (
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    )
    assert deployment["deploymentCircuitBreaker"] == {
        "status": "TRIGGERED",
        "failureCount": 3,
        "threshold": 3,
    }
    service = served.steady()
    assert service["taskDefinition"] == good["taskDefinition"]
    assert service["deployments"][0]["id"] == good["deployments"][0]["id"]
    said = [one["message"] for one in service["events"]]
    assert (
        f"(service {served.name}) rolling back to deployment {good['deployments'][0]['id']}."
        in said
    )


@fact(
    "A first rollout that fails has nothing to go back to: ROLLBACK_FAILED, and nothing of it is "
    "started any more.",
    GUIDE + "deployment-circuit-breaker.html https://github.com/hashicorp/terraform-provider-aws "
    "(internal/service/ecs/service_test.go: No rollback candidate was found)",
)
def test_a_first_rollout_that_fails_has_nothing_to_go_back_to(served: Served) -> None:
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=served.register(image=NEVER_STARTS),
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
    )

    deployment = ended(served, served.deployments()[0]["serviceDeploymentArn"])

    assert deployment["status"] == "ROLLBACK_FAILED"
    assert deployment["statusReason"] == "No rollback candidate was found to run the rollback."
    [one] = served.described()["deployments"]
    assert (one["rolloutState"], one["rolloutStateReason"]) == (
        "FAILED",
        "ECS deployment circuit breaker: tasks failed to start.",
    )
