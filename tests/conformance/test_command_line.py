"""The `aws` command, unmodified: what an operator types."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Aws, Place
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.stacking import Stacking
from tests.conformance.waiting import known_everywhere, until

REFERENCE = "https://docs.aws.amazon.com/cli/latest/reference/"
CFN, LOGS = REFERENCE + "cloudformation/", REFERENCE + "logs/"
AWS = Path(sys.executable).with_name("aws")
Command = Callable[..., Any]


@pytest.fixture
def command(aws: Aws, tmp_path: Path) -> Command:
    """`command("ecs", "list-clusters")`: what it printed, read as JSON; its failure fails."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_PAGER": "",
    }
    start = [sys.executable, str(AWS)]
    if endpoint := aws.endpoint or os.environ.get("AWS_ENDPOINT_URL"):  # which SQS's disregards
        start += ["--endpoint-url", endpoint]
    if aws.endpoint:
        environment |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    else:
        own = {name: value for name, value in os.environ.items() if name[:4] == "AWS_"}
        environment |= own | {"HOME": os.environ["HOME"]}  # where its profiles are

    def run(*words: str) -> Any:  # noqa: ANN401 (whatever the command prints)
        done = subprocess.run([*start, *words], env=environment, capture_output=True, timeout=600)
        assert done.returncode == 0, f"aws {' '.join(words)}: {done.stderr.decode()}"
        return json.loads(done.stdout) if done.stdout.strip()[:1] in (b"{", b"[") else None

    return run


@fact("A service is made, awaited, scaled and deleted.", REFERENCE + "ecs/")
def test_a_service_from_the_command_line(command: Command, place: Place, name: str) -> None:
    container = {"name": "main", "image": place.image, "memory": 32, "essential": True}
    container["command"] = ["sh", "-c", "exec sleep 600"]
    definitions = ["--family", name, "--container-definitions", json.dumps([container])]
    in_cluster = ["--cluster", place.cluster]

    command("ecs", "register-task-definition", *definitions)
    try:
        made = ["--service-name", name, "--task-definition", name, "--desired-count", "1"]
        command("ecs", "create-service", *in_cluster, *made)
        command("ecs", "wait", "services-stable", *in_cluster, "--services", name)
        command("ecs", "update-service", *in_cluster, "--service", name, "--desired-count", "2")
        command("ecs", "wait", "services-stable", *in_cluster, "--services", name)
        shown = command("ecs", "describe-services", *in_cluster, "--services", name)
        tasks = command("ecs", "list-tasks", *in_cluster, "--service-name", name)
    finally:
        command("ecs", "delete-service", *in_cluster, "--service", name, "--force")
        command("ecs", "wait", "services-inactive", *in_cluster, "--services", name)
        command("ecs", "deregister-task-definition", "--task-definition", f"{name}:1")

    assert shown["services"][0]["runningCount"] == 2
    assert len(tasks["taskArns"]) == 2


@fact(
    "`deploy` makes a stack by a change set, updates it by another, and finds nothing to do.",
    REFERENCE + "cloudformation/deploy/",
)
def test_a_stack_from_the_command_line(
    command: Command, aws: Aws, name: str, tmp_path: Path
) -> None:
    template = tmp_path / "stack.yaml"
    template.write_text(
        "Parameters: {Days: {Type: Number, Default: 1}}\n"
        "Resources:\n"
        "  Logs:\n"
        "    Type: AWS::Logs::LogGroup\n"
        "    Properties: {RetentionInDays: !Ref Days}\n"
        "Outputs: {Name: {Value: !Ref Logs}}\n"
    )
    deploy = ["cloudformation", "deploy", "--stack-name", name, "--template-file", str(template)]

    try:
        command(*deploy)
        command(*deploy, "--parameter-overrides", "Days=7")
        command(*deploy, "--no-fail-on-empty-changeset")
        stack = command("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"][0]
        group = stack["Outputs"][0]["OutputValue"]
        groups = command("logs", "describe-log-groups", "--log-group-name-prefix", group)
    finally:
        command("cloudformation", "delete-stack", "--stack-name", name)
        until(Stacking(aws.client("cloudformation"), name).gone)  # `wait` looks every 30 seconds

    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert groups["logGroups"][0]["retentionInDays"] == 7


@fact("`create-stack` and `update-stack` take templates and parameters, and are awaited.", CFN)
def test_a_stack_made_by_hand(command: Command, name: str) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}}
    parameters = {"Days": {"Type": "Number", "Default": 1}}
    template = json.dumps({"Parameters": parameters, "Resources": {"Logs": group}})
    stack = ["--stack-name", name]

    def status() -> str:
        shown = command("cloudformation", "describe-stacks", *stack)["Stacks"][0]["StackStatus"]
        return "" if shown.endswith("_IN_PROGRESS") else str(shown)

    try:
        made = command("cloudformation", "create-stack", *stack, "--template-body", template)
        created = until(status)
        given = ["--parameters", "ParameterKey=Days,ParameterValue=3", "--use-previous-template"]
        command("cloudformation", "update-stack", *stack, *given)
        updated = until(status)
        events = command("cloudformation", "describe-stack-events", *stack)["StackEvents"]
    finally:
        command("cloudformation", "delete-stack", *stack)

    assert f":stack/{name}/" in made["StackId"]
    assert (created, updated) == ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert {one["LogicalResourceId"] for one in events} == {name, "Logs"}


@fact("A task that is run once writes to its log group, whose lines are read.", LOGS)
def test_logs_from_the_command_line(command: Command, aws: Aws, place: Place, name: str) -> None:
    stream = {"awslogs-group": name, "awslogs-region": aws.region, "awslogs-stream-prefix": "p"}
    container = {
        "name": "main",
        "image": place.image,
        "memory": 32,
        "command": ["sh", "-c", "echo it runs; exit 3"],
        "logConfiguration": {"logDriver": "awslogs", "options": stream},
    }
    role = ["--execution-role-arn", place.execution_role_arn]
    made = ["--family", name, "--container-definitions", json.dumps([container]), *role]

    command("logs", "create-log-group", "--log-group-name", name)
    command("ecs", "register-task-definition", *made)
    try:
        run = ["--cluster", place.cluster, "--task-definition", name]
        task = command("ecs", "run-task", *run)["tasks"][0]["taskArn"]
        which = ["--cluster", place.cluster, "--tasks", task]
        command("ecs", "wait", "tasks-stopped", *which)
        ended = command("ecs", "describe-tasks", *which)["tasks"][0]
        streams = ["--log-group-name", name, "--log-stream-name-prefix", "p/main/"]
        lines = until(lambda: command("logs", "filter-log-events", *streams)["events"])
    finally:
        command("ecs", "deregister-task-definition", "--task-definition", f"{name}:1")
        command("logs", "delete-log-group", "--log-group-name", name)

    assert ended["containers"][0]["exitCode"] == 3
    assert [one["message"] for one in lines] == ["it runs"]
    assert lines[0]["logStreamName"] == f"p/main/{task.rpartition('/')[2]}"


@fact("A target group is made, asked for its targets' health, and deleted.", REFERENCE + "elbv2/")
def test_a_target_group_from_the_command_line(command: Command, place: Place, name: str) -> None:
    made = ["--name", name, "--protocol", "HTTP", "--port", "80", "--vpc-id", place.vpc_id]
    group = command("elbv2", "create-target-group", *made, "--target-type", "ip")
    which = ["--target-group-arn", group["TargetGroups"][0]["TargetGroupArn"]]

    try:
        command("elbv2", "register-targets", *which, "--targets", "Id=10.0.0.10,Port=8080")
        health = command("elbv2", "describe-target-health", *which)["TargetHealthDescriptions"]
        command("elbv2", "deregister-targets", *which, "--targets", "Id=10.0.0.10,Port=8080")
    finally:
        command("elbv2", "delete-target-group", *which)

    assert health[0]["Target"].items() >= {"Id": "10.0.0.10", "Port": 8080}.items()
    assert health[0]["TargetHealth"]["Reason"] == "Target.NotInUse"


@fact("A rule brings an event to a queue, from which it is received.", REFERENCE + "events/")
def test_events_from_the_command_line(command: Command, aws: Aws, name: str) -> None:
    eventing = Eventing(aws.client("events"), aws.client("sqs"), name)
    entry = {"Source": name, "DetailType": "Said", "Detail": '{"a": 1}'}

    try:
        eventing.rule({"source": [name]})
        command("events", "put-targets", "--rule", name, "--targets", f"Id=q,Arn={eventing.arn}")
        known_everywhere()
        put = command("events", "put-events", "--entries", json.dumps([entry]))
        receive = ["sqs", "receive-message", "--queue-url", eventing.url, "--wait-time", "5"]
        received = until(lambda: command(*receive))
    finally:
        eventing.clean()

    assert put["FailedEntryCount"] == 0
    assert json.loads(received["Messages"][0]["Body"])["detail"] == {"a": 1}


@pytest.mark.parametrize(
    "words",
    [
        "sts get-caller-identity",
        "ecs describe-clusters --include STATISTICS SETTINGS TAGS",
        "ecs list-container-instances --cluster {cluster}",
        "ecs list-task-definition-families",
        "elbv2 describe-load-balancers",
        "elbv2 describe-target-groups",
        "elbv2 describe-rules --listener-arn {listener_arn}",
        "autoscaling describe-auto-scaling-groups",
        "cloudformation list-stacks",
        "cloudformation list-exports",
        "events list-rules",
        "ecr describe-repositories",
        "ec2 describe-vpcs",
        "iam list-roles",
        "sqs list-queues",
        "logs describe-log-groups",
        "secretsmanager list-secrets",
        "ssm describe-parameters",
        "route53 list-hosted-zones",
        "acm list-certificates",
    ],
)
@fact("Every service that a platform reads answers the command.", REFERENCE)
def test_a_listing_from_the_command_line(command: Command, place: Place, words: str) -> None:
    filled = words.format(cluster=place.cluster, listener_arn=place.listener_arn)

    assert isinstance(command(*filled.split()), dict)
