"""Services and tasks through boto3, their tasks real processes."""

import json
from collections.abc import Iterator
from urllib.request import ProxyHandler, build_opener

import pytest
from botocore.exceptions import ClientError

from tests.localaws.conftest import LocalAws, until
from tests.localaws.containing import BREAKER, Cluster, Json, push_image, said, steady


@pytest.fixture(scope="module")
def image(aws: LocalAws) -> str:
    return push_image(aws.port)


@pytest.fixture
def here(aws: LocalAws, image: str, name: str) -> Iterator[Cluster]:
    cluster = json.loads(aws.get("/_local/seed"))["cluster"]
    here = Cluster(aws.client("ecs"), cluster, image, name)
    yield here
    for service in here.ecs.describe_services(cluster=cluster, services=[name])["services"]:
        if service["status"] == "ACTIVE":
            here.ecs.delete_service(cluster=cluster, service=name, force=True)


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_service_runs_its_tasks_and_says_so(here: Cluster) -> None:
    here.create(here.register(), 2, tags=[{"key": "a", "value": "b"}])

    service = here.steady()

    assert said(service, f"(service {here.name}) has started 2 tasks: (task ")
    assert said(service, "has reached a steady state.")
    assert service["tags"] == [{"key": "a", "value": "b"}]
    assert service["deployments"][0]["id"].startswith("ecs-svc/")
    zones = [task["availabilityZone"] for task in here.tasks()]
    assert len(set(zones)) == 2


def test_a_rolling_update_never_leaves_its_bounds(here: Cluster) -> None:
    here.create(here.register(), 2)
    here.steady()
    old = {task["taskArn"] for task in here.tasks()}
    running = []

    here.update(taskDefinition=here.register())
    here.until(lambda one: running.append(one["runningCount"]) or steady(one))

    assert min(running) >= 2
    assert max(running) <= 4
    assert old.isdisjoint(task["taskArn"] for task in here.tasks())
    reasons = {task["stoppedReason"] for task in here.tasks("STOPPED")}
    assert reasons == {
        f"Scaling activity initiated by (deployment {here.service()['deployments'][0]['id']})"
    }


def test_a_count_alone_makes_no_deployment_and_what_is_omitted_stays(here: Cluster) -> None:
    first = here.create(here.register(), 1)["deployments"][0]["id"]
    here.steady()

    here.update(desiredCount=3)
    assert here.steady()["deployments"][0]["id"] == first
    here.update(desiredCount=1)
    assert here.steady()["deployments"][0]["id"] == first
    here.update(taskDefinition=here.service()["taskDefinition"])
    assert here.steady()["deployments"][0]["id"] == first

    here.update(forceNewDeployment=True)
    assert here.service()["desiredCount"] == 1
    assert here.steady()["deployments"][0]["id"] != first


def test_a_crash_loop_opens_the_breaker_and_the_old_tasks_stay(here: Cluster) -> None:
    here.create(here.register(), 1, deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
    here.steady()
    old = here.tasks()[0]["taskArn"]

    here.update(taskDefinition=here.register("exit 3"))
    service = here.until(lambda one: one["deployments"][0]["rolloutState"] == "FAILED")

    failed = service["deployments"][0]
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["failedTasks"] == 3
    assert said(service, f"(deployment {failed['id']}) deployment failed: tasks failed to start.")
    assert [task["taskArn"] for task in here.tasks()] == [old]
    crashed = [task for task in here.tasks("STOPPED") if task["startedBy"] == failed["id"]]
    assert {task["stopCode"] for task in crashed} == {"EssentialContainerExited"}
    assert {task["containers"][0]["exitCode"] for task in crashed} == {3}
    deployment = _service_deployment(here)
    assert deployment["status"] == "STOPPED"
    assert deployment["deploymentCircuitBreaker"] == {
        "status": "TRIGGERED",
        "failureCount": 3,
        "threshold": 3,
    }


def test_the_breaker_rolls_back_where_it_is_told_to(here: Cluster) -> None:
    good = here.register()
    breaker = BREAKER | {"rollback": True}
    here.create(good, 1, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    here.steady()

    here.update(taskDefinition=here.register("exit 3"))
    service = here.until(lambda one: steady(one) and one["taskDefinition"] == good)

    assert said(service, "rolling back to deployment ecs-svc/")
    assert _service_deployment(here)["status"] == "ROLLBACK_SUCCESSFUL"


def _service_deployment(here: Cluster) -> Json:
    which = {"cluster": here.cluster, "service": here.name}
    newest = here.ecs.list_service_deployments(**which)["serviceDeployments"][0]
    arns = [newest["serviceDeploymentArn"]]
    found = here.ecs.describe_service_deployments(serviceDeploymentArns=arns)
    return dict(found["serviceDeployments"][0])


def test_what_never_fits_is_not_placed_and_the_reason_told_once(here: Cluster) -> None:
    here.create(here.register(memory=5000), 2)

    service = here.until(lambda one: one["events"])

    assert service["pendingCount"] == service["runningCount"] == 0
    assert service["events"][0]["message"].startswith(
        f"(service {here.name}) was unable to place a task because no container instance met all "
        "of its requirements. The closest matching (container-instance "
    )
    assert said(service, "has insufficient memory available.")
    here.update(taskDefinition=here.register())
    assert len(here.steady()["events"]) < 10


def test_a_fixed_host_port_is_used_once_an_instance(here: Cluster) -> None:
    ports = [{"containerPort": 8080, "hostPort": 23456}]
    here.create(here.register(portMappings=ports), 3)

    service = here.until(lambda one: said(one, "is already using a port required by your task"))

    here.until(lambda one: one["runningCount"] == 2)
    assert service["desiredCount"] == 3


def test_a_stopped_task_is_replaced(here: Cluster) -> None:
    here.create(here.register())
    here.steady()
    task = here.tasks()[0]

    here.ecs.stop_task(cluster=here.cluster, task=task["taskArn"], reason="bye")

    stopped = here.stopped(task)
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "bye")
    assert stopped["containers"][0]["exitCode"] == 143
    assert stopped["version"] > task["version"]
    here.until(lambda one: steady(one) and here.tasks()[0]["taskArn"] != task["taskArn"])


def test_a_task_that_ignores_sigterm_is_killed_after_its_stop_timeout(
    here: Cluster, aws: LocalAws
) -> None:
    script = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"
    definition = here.register(script, stopTimeout=2, logConfiguration=_logs(aws, here.name))
    task = here.run(definition)["tasks"][0]
    until(lambda: _lines(aws, here.name, task) == ["deaf"])

    here.ecs.stop_task(cluster=here.cluster, task=task["taskArn"])

    stopped = here.stopped(task)
    assert stopped["containers"][0]["exitCode"] == 137
    assert 1.5 < (stopped["stoppedAt"] - stopped["stoppingAt"]).total_seconds() < 10


def test_a_task_run_once_ends_with_its_code(here: Cluster) -> None:
    override = {
        "name": "main",
        "command": ["sh", "-c", "exit $CODE"],
        "environment": [{"name": "CODE", "value": "7"}],
    }
    definition = here.register()

    ran = here.run(
        definition,
        count=2,
        startedBy="me",
        overrides={"containerOverrides": [override]},
        tags=[{"key": "a", "value": "b"}],
    )

    assert (len(ran["tasks"]), ran["failures"]) == (2, [])
    for task in map(here.stopped, ran["tasks"]):
        assert task["containers"][0]["exitCode"] == 7
        assert task["stopCode"] == "EssentialContainerExited"
        assert task["stoppedReason"] == "Essential container in task exited"
        assert (task["startedBy"], task["group"]) == ("me", f"family:{here.name}")
        assert task["tags"] == [{"key": "a", "value": "b"}]


def test_run_task_says_which_instances_lack_what(here: Cluster) -> None:
    ran = here.run(here.register(memory=5000))

    assert ran["tasks"] == []
    assert {one["reason"] for one in ran["failures"]} == {"RESOURCE:MEMORY"}


def test_run_task_with_one_token_runs_once(here: Cluster) -> None:
    definition, token = here.register("exit 0"), f"token-{here.name}"

    first, second = (here.run(definition, clientToken=token)["tasks"] for _ in range(2))

    assert [one["taskArn"] for one in first] == [one["taskArn"] for one in second]
    with pytest.raises(ClientError) as error:
        here.run(definition, clientToken=token, count=2)
    assert refusal(error)[0] == "ConflictException"


def test_creation_is_idempotent_by_token_and_by_nothing_else(here: Cluster) -> None:
    definition = here.register()
    first = here.create(definition, clientToken=here.name)

    assert here.create(definition, clientToken=here.name)["serviceArn"] == first["serviceArn"]
    for more in ({"clientToken": here.name, "count": 2}, {}, {"clientToken": "other"}):
        with pytest.raises(ClientError) as error:
            here.create(definition, **more)
        assert refusal(error) == (
            "InvalidParameterException",
            "Creation of service was not idempotent.",
        )


def test_a_deleted_service_drains_then_is_inactive_and_its_name_free(here: Cluster) -> None:
    definition = here.register()
    here.create(definition, 2)
    here.steady()

    with pytest.raises(ClientError) as error:
        here.ecs.delete_service(cluster=here.cluster, service=here.name)
    assert refusal(error)[1] == "The service cannot be stopped while it is scaled above 0."
    deleted = here.ecs.delete_service(cluster=here.cluster, service=here.name, force=True)

    assert deleted["service"]["status"] == "DRAINING"
    service = here.until(lambda one: one["status"] == "INACTIVE")
    assert (service["runningCount"], service["deployments"]) == (0, [])
    assert here.tasks() == []
    listed = here.ecs.list_services(cluster=here.cluster, maxResults=100)["serviceArns"]
    assert service["serviceArn"] not in listed
    with pytest.raises(ClientError) as error:
        here.update(desiredCount=1)
    assert refusal(error) == ("ServiceNotActiveException", "Service was not ACTIVE.")
    here.create(definition)
    here.steady()


def test_what_is_missing_is_said_in_the_words_of_ecs(here: Cluster) -> None:
    ecs, cluster = here.ecs, here.cluster
    for code, message, call in (
        (
            "ClusterNotFoundException",
            "Cluster not found.",
            lambda: ecs.list_services(cluster="none"),
        ),
        (
            "ServiceNotFoundException",
            "Service not found.",
            lambda: ecs.update_service(cluster=cluster, service="none", desiredCount=1),
        ),
        (
            "ClientException",
            "Unable to describe task definition.",
            lambda: ecs.describe_task_definition(taskDefinition="none:1"),
        ),
        (
            "InvalidParameterException",
            "The referenced task was not found.",
            lambda: ecs.stop_task(cluster=cluster, task="none"),
        ),
        ("ClientException", "TaskDefinition not found.", lambda: here.create("none:1")),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert refusal(error) == (code, message)
    missing = ecs.describe_services(cluster=cluster, services=["none"])["failures"]
    assert [one["reason"] for one in missing] == ["MISSING"]


def test_a_draining_instance_is_left_before_its_tasks_stop(here: Cluster) -> None:
    here.create(here.register(), 2)
    here.steady()
    leaving = here.tasks()[0]["containerInstanceArn"]
    drain = {"cluster": here.cluster, "containerInstances": [leaving]}

    try:
        shown = here.ecs.update_container_instances_state(**drain, status="DRAINING")
        assert shown["containerInstances"][0]["status"] == "DRAINING"
        here.until(
            lambda one: (
                steady(one)
                and all(task["containerInstanceArn"] != leaving for task in here.tasks())
            )
        )
    finally:
        here.ecs.update_container_instances_state(**drain, status="ACTIVE")
    assert {task["desiredStatus"] for task in here.tasks("STOPPED")} == {"STOPPED"}


def test_instances_show_what_is_left_of_them(here: Cluster) -> None:
    here.create(here.register(cpu=100, memory=200))
    here.steady()
    task = here.tasks()[0]

    shown = here.ecs.describe_container_instances(
        cluster=here.cluster, containerInstances=[task["containerInstanceArn"]]
    )["containerInstances"][0]

    def amount(which: str, name: str) -> int:
        return next(int(one["integerValue"]) for one in shown[which] if one["name"] == name)

    assert amount("registeredResources", "CPU") - amount("remainingResources", "CPU") >= 100
    assert amount("registeredResources", "MEMORY") - amount("remainingResources", "MEMORY") >= 200


def test_a_container_may_ask_about_itself(here: Cluster, aws: LocalAws) -> None:
    script = "echo $ECS_CONTAINER_METADATA_URI_V4; exec sleep 600"
    logs = _logs(aws, here.name)
    definition = here.register(script, logConfiguration=logs)
    task = here.run(definition)["tasks"][0]

    url = until(lambda: _lines(aws, here.name, task))[0]
    opener = build_opener(ProxyHandler({}))
    with opener.open(f"{url}/task", timeout=5) as answer:
        shown = json.load(answer)
    with opener.open(url, timeout=5) as answer:
        container = json.load(answer)

    assert (shown["TaskARN"], shown["Family"], shown["Revision"]) == (
        task["taskArn"],
        here.name,
        "1",
    )
    assert shown["KnownStatus"] == "RUNNING"
    assert [one["Name"] for one in shown["Containers"]] == [container["Name"]] == ["main"]
    here.ecs.stop_task(cluster=here.cluster, task=task["taskArn"])


def _logs(aws: LocalAws, group: str) -> Json:
    aws.client("logs").create_log_group(logGroupName=group)
    options = {
        "awslogs-group": group,
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "app",
    }
    return {"logDriver": "awslogs", "options": options}


def _lines(aws: LocalAws, group: str, task: Json) -> list[str]:
    stream, logs = f"app/main/{task['taskArn'].rpartition('/')[2]}", aws.client("logs")
    try:
        found = logs.get_log_events(logGroupName=group, logStreamName=stream)
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [one["message"] for one in found["events"]]


def test_secrets_reach_the_process_and_nobody_else(here: Cluster, aws: LocalAws) -> None:
    value = json.dumps({"KEY": "hush-hush"})
    secret = aws.client("secretsmanager").create_secret(Name=here.name, SecretString=value)
    reference = f"{secret['ARN']}:KEY::{secret['VersionId']}"
    definition = here.register(
        'test "$(echo $SECRET | tr h b)" = busb-busb && echo known',
        secrets=[{"name": "SECRET", "valueFrom": reference}],
        logConfiguration=_logs(aws, here.name),
    )

    task = here.stopped(here.run(definition)["tasks"][0])

    assert task["containers"][0]["exitCode"] == 0
    assert until(lambda: _lines(aws, here.name, task)) == ["known"]
    shown = here.ecs.describe_task_definition(taskDefinition=definition)
    assert "hush-hush" not in f"{task} {shown}"


@pytest.mark.parametrize("missing", ["key", "secret"])
def test_a_secret_that_is_not_there_keeps_the_task_from_starting(
    missing: str, here: Cluster, aws: LocalAws
) -> None:
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name=here.name, SecretString='{"KEY": "hush-hush"}')["ARN"]
    reference = f"{arn}:OTHER::" if missing == "key" else f"{arn[:-3]}zzz:KEY::"
    definition = here.register(secrets=[{"name": "SECRET", "valueFrom": reference}])

    task = here.stopped(here.run(definition)["tasks"][0])

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(
        "Fetching secret data from AWS Secrets Manager in region us-east-1: "
    )
    assert "hush-hush" not in task["stoppedReason"]


def test_an_image_that_is_not_there_keeps_the_task_from_starting(here: Cluster) -> None:
    definition = here.register(image=here.image.partition("@")[0] + ":nothing")

    task = here.stopped(here.run(definition)["tasks"][0])

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["containers"][0]["reason"] == (
        "CannotPullImageManifestError: Error response from daemon: manifest unknown: manifest "
        "unknown"
    )
    assert "exitCode" not in task["containers"][0]


def test_a_program_that_is_not_there_keeps_the_task_from_starting(here: Cluster) -> None:
    task = here.stopped(here.run(here.register(command=["nosuch"]))["tasks"][0])

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["containers"][0]["reason"].startswith("CannotStartContainerError: ")


def test_each_change_of_a_task_is_an_event(here: Cluster, aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    open_to_all = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    queue = sqs.create_queue(QueueName=here.name, Attributes=open_to_all)["QueueUrl"]
    events = aws.client("events")
    pattern = json.dumps({"source": ["aws.ecs"]})
    events.put_rule(Name=here.name, EventPattern=pattern)
    arn = f"arn:aws:sqs:us-east-1:123456789012:{here.name}"
    events.put_targets(Rule=here.name, Targets=[{"Id": "1", "Arn": arn}])
    task = here.stopped(here.run(here.register("exit 0"))["tasks"][0])
    seen: list[Json] = []

    def all_there() -> bool:
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        bodies = [json.loads(one["Body"]) for one in got]
        seen.extend(one for one in bodies if one["resources"] == [task["taskArn"]])
        return any(one["detail"]["lastStatus"] == "STOPPED" for one in seen)

    until(all_there)
    events.remove_targets(Rule=here.name, Ids=["1"])

    assert {one["detail-type"] for one in seen} == {"ECS Task State Change"}
    details = sorted((one["detail"] for one in seen), key=lambda one: int(one["version"]))
    assert [one["version"] for one in details] == list(range(1, len(details) + 1))
    order = list(dict.fromkeys(one["lastStatus"] for one in details))
    assert order == [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
        "STOPPED",
    ]
    assert details[-1]["updatedAt"].endswith("Z")


def test_task_definitions_are_numbered_checked_and_deregistered(here: Cluster) -> None:
    first, second = here.register(), here.register()

    assert (first.rpartition(":")[2], second.rpartition(":")[2]) == ("1", "2")
    family = {"familyPrefix": here.name}
    assert here.ecs.list_task_definitions(**family)["taskDefinitionArns"] == [first, second]
    here.ecs.deregister_task_definition(taskDefinition=second)
    assert here.ecs.list_task_definitions(**family)["taskDefinitionArns"] == [first]
    newest = here.ecs.describe_task_definition(taskDefinition=here.name)["taskDefinition"]
    assert newest["taskDefinitionArn"] == first
    with pytest.raises(ClientError) as error:
        here.create(second)
    assert refusal(error) == ("ClientException", "TaskDefinition is inactive")
    here.ecs.deregister_task_definition(taskDefinition=first)
    families = here.ecs.list_task_definition_families(**family, status="ACTIVE")["families"]
    assert families == []
    assert here.register().endswith(":3")


@pytest.mark.parametrize(
    ("container", "sentence"),
    [
        ({"name": "no spaces"}, "Container.name contains invalid characters."),
        ({"memory": 1}, "Memory must be at least 6 MiB."),
        ({"essential": False}, "At least one container must be essential."),
        ({"volumesFrom": [{"sourceContainer": "x"}]}, "is not modelled by the local AWS"),
    ],
)
def test_a_task_definition_that_makes_no_sense_is_refused(
    container: Json, sentence: str, here: Cluster
) -> None:
    with pytest.raises(ClientError) as error:
        here.register(**container)

    assert sentence in refusal(error)[1]


def test_what_is_not_modelled_is_refused_not_dropped(here: Cluster) -> None:
    definition = here.register()
    for more in (
        {"launchType": "FARGATE"},
        {"schedulingStrategy": "DAEMON"},
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}},
        {"deploymentConfiguration": {"strategy": "CANARY"}},
        {"deploymentController": {"type": "EXTERNAL"}},
    ):
        with pytest.raises(ClientError, match="is not modelled by the local AWS"):
            here.create(definition, **more)


def test_tags_are_put_taken_and_told(here: Cluster) -> None:
    arn = here.create(here.register(), 0)["serviceArn"]
    here.ecs.tag_resource(
        resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    )
    here.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])

    tags = here.ecs.list_tags_for_resource(resourceArn=arn)["tags"]

    assert tags == [{"key": "b", "value": "2"}]
