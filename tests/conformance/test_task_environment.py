"""What a container finds in its environment, and who says it"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.logged import Logged
from tests.conformance.refusing import refusal
from tests.conformance.tasking import Tasking

Json = dict[str, Any]
Put = Callable[[str, str], Json]
DOCS = "https://docs.aws.amazon.com/AmazonECS/latest/"
FILES = DOCS + "developerguide/use-environment-file.html"
FILE = DOCS + "APIReference/API_EnvironmentFile.html"
OVERRIDE = DOCS + "APIReference/API_ContainerOverride.html"
SECRETS = DOCS + "developerguide/secrets-envvar-secrets-manager.html"
METADATA = DOCS + "developerguide/task-metadata-endpoint-v4-response.html"


@pytest.fixture
def put(aws: Aws, name: str) -> Iterator[Put]:
    """Makes an environment file, as container definitions name it."""
    s3 = aws.client("s3")
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    s3.create_bucket(Bucket=name, **({} if aws.region == "us-east-1" else elsewhere))
    keys = list[str]()

    def put_one(key: str, text: str) -> Json:
        s3.put_object(Bucket=name, Key=key, Body=text.encode())
        keys.append(key)
        return {"type": "s3", "value": f"arn:aws:s3:::{name}/{key}"}

    yield put_one
    for key in keys:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


def said(tasking: Tasking, logged: Logged, names: str, overrides: Json, **container: object) -> str:
    """What it finds under these names, one after the other with bars between them."""
    shown = "|".join(f"${{{name}-unset}}" for name in names.split())
    whole = tasking.container(f'echo "{shown}"', **logged.configuration, **container)
    told = {"containerOverrides": [{"name": "main", **overrides}]}
    task = tasking.run_one(whole, overrides=told)
    return logged.lines(task)[0]


@fact(
    "An environment file has a variable a line, comments begin with #; spaces and quotes are part "
    "of the value, as is every = but the first. What has no name or no value is not set.",
    FILES + " aws/amazon-ecs-agent agent/taskresource/envFiles/envfile.go",
)
def test_how_an_environment_file_is_read(tasking: Tasking, logged: Logged, put: Put) -> None:
    text = "\n".join(["# A=comment", "A=1", 'B="two words" ', "C=x=y=z", "D=", "no pair", "=E", ""])
    files = [put("one.env", text)]

    assert said(tasking, logged, "A B C D", {}, environmentFiles=files) == (
        '1|"two words" |x=y=z|unset'
    )


@fact(
    "Of several files the first that has a variable counts; the definition's own environment "
    "counts before files, and overrides before that.",
    FILES + " " + FILE + " " + OVERRIDE,
)
def test_whose_value_counts(tasking: Tasking, logged: Logged, put: Put) -> None:
    files = [put("one.env", "A=one\nB=one\nC=one"), put("a/two.env", "A=two\nB=two\nC=two\nD=two")]
    own = [{"name": name, "value": "own"} for name in ("A", "B")]
    overrides = {"environment": [{"name": "A", "value": "override"}]}

    line = said(tasking, logged, "A B C D", overrides, environmentFiles=files, environment=own)

    assert line == "override|own|one|two"


@fact("A run may name other files, instead of the definition's.", OVERRIDE)
def test_other_files_for_a_run(tasking: Tasking, logged: Logged, put: Put) -> None:
    files, others = [put("one.env", "A=one\nB=one")], [put("two.env", "A=two")]

    line = said(tasking, logged, "A B", {"environmentFiles": others}, environmentFiles=files)

    assert line == "two|unset"


@pytest.mark.parametrize(
    "file",
    [
        {"type": "s3", "value": "arn:aws:s3:::bucket/file.txt"},
        {"type": "s3", "value": "bucket/file.env"},
    ],
)
@fact("Environment files are named by ARN and end in .env.", FILE)
def test_environment_files_that_are_refused(file: Json, tasking: Tasking) -> None:
    code, _ = refusal(tasking.register, tasking.container(environmentFiles=[file]))

    assert code in ("ClientException", "InvalidParameterException")


@fact(
    "A secret is given whole, or one of its JSON keys, or one of its versions.",
    SECRETS,
)
def test_what_is_taken_of_a_secret(tasking: Tasking, logged: Logged, aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    first = secrets.create_secret(Name=tasking.name, SecretString=json.dumps({"k": "first"}))
    secrets.put_secret_value(SecretId=tasking.name, SecretString=json.dumps({"k": "second"}))
    arn, version = first["ARN"], first["VersionId"]
    wanted = {
        "WHOLE": arn,
        "KEY": f"{arn}:k::",
        "STAGE": f"{arn}:k:AWSPREVIOUS:",
        "VERSION": f"{arn}:k::{version}",
    }
    named = [{"name": name, "valueFrom": source} for name, source in wanted.items()]

    line = said(tasking, logged, "WHOLE KEY STAGE VERSION", {}, secrets=named)

    secrets.delete_secret(SecretId=tasking.name, ForceDeleteWithoutRecovery=True)
    assert line == '{"k": "second"}|second|first|first'


@fact("A container is told where it runs and where to ask about itself.", METADATA)
def test_variables_that_ecs_sets(tasking: Tasking, logged: Logged) -> None:
    names = "AWS_EXECUTION_ENV ECS_CONTAINER_METADATA_URI_V4 ECS_AGENT_URI"

    where, metadata, agent = said(tasking, logged, names, {}).split("|")

    assert where == "AWS_ECS_EC2"
    assert metadata.startswith("http://")
    assert "/v4/" in metadata
    assert "/api/" in agent


@fact(
    "A container of a task with a role is given credentials of that role, in a session of the "
    "task's id; one without is given none.",
    DOCS + "developerguide/task-iam-roles.html",
)
def test_credentials_of_a_task(tasking: Tasking, logged: Logged, aws: Aws) -> None:
    relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    uri = (
        f"${{AWS_CONTAINER_CREDENTIALS_FULL_URI:-${{{relative}:+http://169.254.170.2${relative}}}}}"
    )
    script = f'uri={uri}; [ -n "$uri" ] && wget -qO- $uri || echo none'
    container, role = tasking.container(script, **logged.configuration), tasking.role
    task = tasking.run(tasking.register(container, taskRoleArn=role))["tasks"][0]
    alone = tasking.run(tasking.register(container))["tasks"][0]

    given = json.loads(logged.lines(task)[0])

    assert given["RoleArn"] == role
    who = aws.acting(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])
    session = f"{role.rpartition('/')[2]}/{task['taskArn'].rpartition('/')[2]}"
    assert who.endswith(f":assumed-role/{session}")
    assert logged.lines(alone)[-1] == "none"


@fact("The metadata endpoint describes the task and the container that asks.", METADATA)
def test_what_a_container_is_told_about_itself(tasking: Tasking, logged: Logged) -> None:
    ask = "wget -qO- $ECS_CONTAINER_METADATA_URI_V4"
    script = f"{ask}; echo; {ask}/task; echo; exec sleep 3600"
    task = tasking.run_one(tasking.container(script, **logged.configuration))

    container, whole = (json.loads(one) for one in logged.lines(task, count=2))

    shown = tasking.describe(task)
    assert whole.keys() >= {"Cluster", "PullStartedAt", "PullStoppedAt", "AvailabilityZone"}
    assert whole.keys() >= {"VPCID"}
    assert whole["TaskARN"] == shown["taskArn"]
    assert (whole["Family"], whole["Revision"], whole["LaunchType"]) == (tasking.name, "1", "EC2")
    assert (whole["DesiredStatus"], "ServiceName" in whole) == ("RUNNING", False)
    assert [one["Name"] for one in whole["Containers"]] == ["main"]
    assert container["ContainerARN"] == shown["containers"][0]["containerArn"]
    assert container["DockerId"] == shown["containers"][0]["runtimeId"]
    assert (container["Limits"], container["Type"]) == ({"CPU": 16, "Memory": 32}, "NORMAL")
    assert container["LogDriver"] == "awslogs"
    assert container["LogOptions"]["awslogs-group"] == logged.name
    assert container["LogOptions"]["awslogs-stream"] == logged.stream(task)
    prefix = "com.amazonaws.ecs."
    assert container["Labels"] == {
        prefix + "cluster": tasking.cluster,
        prefix + "container-name": "main",
        prefix + "task-arn": shown["taskArn"],
        prefix + "task-definition-family": tasking.name,
        prefix + "task-definition-version": "1",
    }
