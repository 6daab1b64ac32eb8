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
from tests.conformance.ledger import fact

REFERENCE = "https://docs.aws.amazon.com/cli/latest/reference/"
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
        shown = command("ecs", "describe-services", *in_cluster, "--services", name)
        tasks = command("ecs", "list-tasks", *in_cluster, "--service-name", name)
    finally:
        command("ecs", "delete-service", *in_cluster, "--service", name, "--force")
        command("ecs", "wait", "services-inactive", *in_cluster, "--services", name)
        command("ecs", "deregister-task-definition", "--task-definition", f"{name}:1")

    assert shown["services"][0]["runningCount"] == 1
    assert len(tasks["taskArns"]) == 1


@fact(
    "`deploy` makes a stack by a change set, updates it by another, and finds nothing to do.",
    REFERENCE + "cloudformation/deploy/",
)
def test_a_stack_from_the_command_line(command: Command, name: str, tmp_path: Path) -> None:
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
        command("cloudformation", "wait", "stack-delete-complete", "--stack-name", name)

    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert groups["logGroups"][0]["retentionInDays"] == 7


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
