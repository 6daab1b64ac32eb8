"""What a container instance must be able to do for a task definition: `requiresAttributes`. Pure.

The names are those by which the ECS agent registers its capabilities
(aws/amazon-ecs-agent, agent/app/agent_capability.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

AGENT = "com.amazonaws.ecs.capability."
DOCKER = f"{AGENT}docker-remote-api.1."


def attributes(body: Mapping[str, Any]) -> list[dict[str, str]]:
    names = set(_of_task(body))
    for container in body["containerDefinitions"]:
        names.update(_of_container(body, container))
    return [{"name": name} for name in sorted(names)]


def _of_task(body: Mapping[str, Any]) -> Iterator[str]:
    if body.get("taskRoleArn"):
        host = "-network-host" if body.get("networkMode") == "host" else ""
        yield f"{AGENT}task-iam-role{host}"
        yield f"{DOCKER}17"


def _of_container(body: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    yield f"{DOCKER}18"
    if ".dkr.ecr." in container["image"]:
        role = body.get("executionRoleArn")
        yield "ecs.capability.execution-role-ecr-pull" if role else f"{AGENT}ecr-auth"
    if container.get("memoryReservation"):
        yield f"{DOCKER}21"
    if container.get("healthCheck"):
        yield "ecs.capability.container-health-check"
        yield f"{DOCKER}29"
    if container.get("dependsOn"):
        yield "ecs.capability.container-ordering"
    if container.get("environmentFiles"):
        yield "ecs.capability.env-files.s3"
    if container.get("restartPolicy", {}).get("enabled"):
        yield "ecs.capability.container-restart-policy"
    for secret in container.get("secrets", ()):
        kind = "asm" if ":secretsmanager:" in secret["valueFrom"] else "ssm"
        yield f"ecs.capability.secrets.{kind}.environment-variables"
    yield from _of_logs(body, container.get("logConfiguration") or {})


def _of_logs(body: Mapping[str, Any], logs: Mapping[str, Any]) -> Iterator[str]:
    if driver := logs.get("logDriver"):
        yield f"{AGENT}logging-driver.{driver}"
        yield f"{DOCKER}19" if driver == "awslogs" else f"{DOCKER}18"
        if driver == "awslogs" and body.get("executionRoleArn"):
            yield "ecs.capability.execution-role-awslogs"
