"""Task metadata, version 4: what a container may ask about itself. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localaws.ecs.model import Container, Task
from localaws.ecs.tasks import labels
from localaws.ecs.tasks.logs import stream_name

Tags = Callable[[str], dict[str, str]]  # of an ARN


def describe_task(task: Task, tags: Tags | None = None) -> dict[str, Any]:
    """With tags where they are given."""
    shape = {
        "Cluster": task.cluster,
        "TaskARN": task.arn,
        "Family": task.definition.family,
        "Revision": str(task.definition.revision),
        "ServiceName": task.service.name if task.service else None,
        "DesiredStatus": task.desired_status,
        "KnownStatus": task.status.value,
        "Limits": _limits(task) or None,
        "PullStartedAt": _text(task.pull_started_at),
        "PullStoppedAt": _text(task.pull_stopped_at),
        "AvailabilityZone": task.instance.availability_zone,
        "VPCID": task.instance.attributes.get("ecs.vpc-id"),
        "TaskTags": tags(task.arn) if tags else None,
        "ContainerInstanceTags": tags(task.instance.arn) if tags else None,
        "LaunchType": "EC2",
        "FaultInjectionEnabled": False,
        "Containers": [describe_container(task, one) for one in task.containers],
    }
    return {key: value for key, value in shape.items() if value is not None}


def describe_container(task: Task, container: Container) -> dict[str, Any]:
    shape = {
        "DockerId": container.runtime_id,
        "Name": container.name,
        "DockerName": f"ecs-{task.definition.family}-{task.definition.revision}-{container.name}",
        "Image": container.image,
        "ImageID": container.image_digest,
        "Ports": [
            {
                "ContainerPort": one["containerPort"],
                "Protocol": one["protocol"],
                "HostPort": one["hostPort"],
                "HostIp": one["bindIP"],
            }
            for one in container.bindings
        ],
        "Labels": labels.of(task, container),
        "DesiredStatus": task.desired_status,
        "KnownStatus": container.last_status,
        "ExitCode": container.exit_code,
        "Limits": {
            "CPU": container.definition.get("cpu", 0),
            "Memory": container.definition.get("memory", 0),
        },
        "CreatedAt": _text(task.created_at),
        "StartedAt": _text(container.started_at),
        "FinishedAt": _text(container.finished_at),
        "RestartCount": container.restarts if container.definition.get("restartPolicy") else None,
        "Health": _health(container),
        "Type": "NORMAL",
        **_logging(task, container),
        "ContainerARN": container.arn,
        "Networks": [{"NetworkMode": "bridge", "IPv4Addresses": [task.instance.address]}],
    }
    return {key: value for key, value in shape.items() if value is not None}


def _limits(task: Task) -> dict[str, Any]:
    """Those of the task as a whole, if it has any."""
    told = {**task.definition.body, **task.overrides}
    cpu = {"CPU": int(told["cpu"]) / 1024} if told.get("cpu") else {}
    return cpu | ({"Memory": int(told["memory"])} if told.get("memory") else {})


def _logging(task: Task, container: Container) -> dict[str, Any]:
    configured = container.definition.get("logConfiguration")
    if not configured:
        return {}
    driver, options = configured["logDriver"], dict(configured.get("options", {}))
    if driver == "awslogs":
        options.pop("awslogs-stream-prefix", None)  # Docker is given what comes of it
        options["awslogs-stream"] = stream_name(configured["options"], container.name, task.id)
    return {"LogDriver": driver, "LogOptions": options}


def _health(container: Container) -> dict[str, str] | None:
    return {"status": container.health_status} if container.checked else None


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None
