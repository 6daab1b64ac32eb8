"""Tasks that fail to start, and why in AWS's words"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.tasking import Tasking

Json = dict[str, Any]
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
FAILED = ("TaskFailedToStart", "Task failed to start")


@pytest.fixture
def secret(aws: Aws, name: str) -> Iterator[str]:
    """The ARN of one with a key."""
    secrets = aws.client("secretsmanager")
    yield secrets.create_secret(Name=name, SecretString=json.dumps({"key": "hush"}))["ARN"]
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def failed(tasking: Tasking, *containers: Json) -> Json:
    stopped = tasking.stopped(tasking.run_one(*containers))
    assert "startedAt" not in stopped
    return stopped


def why(stopped: Json) -> tuple[str, str]:
    return stopped["stopCode"], stopped["stoppedReason"]


@fact(
    "An image that cannot be pulled: the task failed to start, its container says "
    "CannotPullContainerError and what Docker answered, and has no exit code.",
    GUIDE + "task_cannot_pull_image.html https://pastebin.com/3FRsb46Z aws/amazon-ecs-agent#1430",
)
def test_an_image_that_is_not_there(tasking: Tasking) -> None:
    image = tasking.place.image.partition("@")[0] + "@sha256:" + "0" * 64

    stopped = failed(tasking, tasking.container(image=image))

    assert why(stopped) == FAILED
    container = stopped["containers"][0]
    assert container["reason"].startswith("CannotPullContainerError: Error response from daemon: ")
    assert "manifest unknown" in container["reason"]
    assert "exitCode" not in container
    assert "pullStartedAt" in stopped


@fact(
    "A tag is resolved before it is pulled: CannotPullImageManifestError, if it is not there.",
    "aws/amazon-ecs-agent#4177 aws/amazon-ecs-agent#4161",
)
def test_a_tag_that_is_not_there(tasking: Tasking) -> None:
    repository, _, last = tasking.place.image.partition("@")[0].rpartition("/")
    image = f"{repository}/{last.partition(':')[0]}:nothing-of-the-kind"

    stopped = failed(tasking, tasking.container(image=image))

    assert why(stopped) == FAILED
    reason = stopped["containers"][0]["reason"]
    assert reason.startswith("CannotPullImageManifestError: Error response from daemon: ")
    assert "manifest unknown" in reason


@fact(
    "A container that is not essential and cannot be pulled is left behind; its task runs.",
    "aws/amazon-ecs-agent#3218 https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
    "API_ContainerDefinition.html",
)
def test_an_image_that_is_not_essential(tasking: Tasking) -> None:
    image = tasking.place.image.partition("@")[0] + "@sha256:" + "0" * 64
    absent = tasking.container(name="absent", image=image, essential=False)

    running = tasking.running(tasking.run_one(tasking.container(), absent))

    shown = next(one for one in running["containers"] if one["name"] == "absent")
    assert shown["lastStatus"] == "STOPPED"
    assert shown["reason"].startswith("CannotPullContainerError: ")


@fact(
    "A program that is not there: CannotStartContainerError, in the words of the daemon, without "
    "an exit code.",
    GUIDE + "cannot-start-container.html aws/amazon-ecs-agent#2152",
)
def test_a_program_that_is_not_there(tasking: Tasking) -> None:
    stopped = failed(tasking, tasking.container(command=["no-such-program"]))

    assert why(stopped) == FAILED
    container = stopped["containers"][0]
    assert container["reason"].startswith("CannotStartContainerError: Error response from daemon: ")
    assert 'exec: "no-such-program": executable file not found in $PATH' in container["reason"]
    assert "exitCode" not in container


@fact(
    "A log group that is not there: CannotStartContainerError, as the log driver says.",
    "prakhar1989/docker-curriculum#253",
)
def test_a_log_group_that_is_not_there(tasking: Tasking) -> None:
    options = {"awslogs-group": tasking.name, "awslogs-region": tasking.aws.region}
    options["awslogs-stream-prefix"] = "x"
    logs = {"logConfiguration": {"logDriver": "awslogs", "options": options}}

    stopped = failed(tasking, tasking.container(**logs))

    assert why(stopped) == FAILED
    reason = stopped["containers"][0]["reason"]
    assert reason.startswith("CannotStartContainerError: Error response from daemon: ")
    assert "failed to create Cloudwatch log stream: " in reason
    assert "The specified log group does not exist." in reason


@fact(
    "A secret that is not there: its task says which, in which region, and what Secrets Manager "
    "answered; nothing is pulled.",
    GUIDE + "resource-not-found-error.html",
)
def test_a_secret_that_is_not_there(tasking: Tasking, secret: str) -> None:
    missing = secret[:-6] + "abcdef"
    secrets = [{"name": "SECRET", "valueFrom": missing}]

    stopped = failed(tasking, tasking.container(secrets=secrets))

    assert why(stopped) == (
        "TaskFailedToStart",
        f"Fetching secret data from AWS Secrets Manager in region {tasking.aws.region}: secret "
        f"{missing}: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    )
    assert "pullStartedAt" not in stopped


@fact(
    "A key that a secret has not is named, and no value.",
    GUIDE + "secrets-envvar-secrets-manager.html aws/amazon-ecs-agent agent/asm/asm.go",
)
def test_a_key_that_a_secret_has_not(tasking: Tasking, secret: str) -> None:
    secrets = [{"name": "SECRET", "valueFrom": f"{secret}:other::"}]

    stopped = failed(tasking, tasking.container(secrets=secrets))

    assert stopped["stopCode"] == "TaskFailedToStart"
    reason = stopped["stoppedReason"]
    assert reason.startswith("Fetching secret data from AWS Secrets Manager in region ")
    assert "retrieved secret from Secrets Manager did not contain json key other" in reason
    assert "hush" not in reason


@fact(
    "Parameters that are not there are named as invalid.",
    GUIDE + "secrets-envvar-ssm-paramstore.html",
)
def test_a_parameter_that_is_not_there(tasking: Tasking) -> None:
    secrets = [{"name": "SECRET", "valueFrom": f"/{tasking.name}/nowhere"}]

    stopped = failed(tasking, tasking.container(secrets=secrets))

    assert why(stopped) == (
        "TaskFailedToStart",
        f"Fetching secret data from SSM Parameter Store in {tasking.aws.region}: "
        f"invalid parameters: /{tasking.name}/nowhere",
    )


@fact(
    "An environment file that is not there: its key and its bucket are named.",
    "aws/amazon-ecs-agent agent/taskresource/envFiles/envfile.go",
)
def test_an_environment_file_that_is_not_there(tasking: Tasking) -> None:
    files = [{"type": "s3", "value": f"arn:aws:s3:::{tasking.name}/a/b.env"}]

    stopped = failed(tasking, tasking.container(environmentFiles=files))

    assert stopped["stopCode"] == "TaskFailedToStart"
    reason = stopped["stoppedReason"].lower()
    assert reason.startswith("unable to ")
    assert f"bucket {tasking.name}" in reason
