"""Task metadata, version 4: what a container may ask about itself. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localaws.ecs.instances import reservation
from localaws.ecs.model import Container, Task
from localaws.ecs.tasks import labels


def describe_task(task: Task) -> dict[str, Any]:
    shape = {
        "Cluster": task.cluster_arn,
        "TaskARN": task.arn,
        "Family": task.definition.family,
        "Revision": str(task.definition.revision),
        "ServiceName": task.service.name if task.service else None,
        "DesiredStatus": task.desired_status,
        "KnownStatus": task.status.value,
        "Limits": {
            "CPU": reservation.cpu(task.definition, task.overrides) / 1024,
            "Memory": reservation.memory(task.definition, task.overrides),
        },
        "PullStartedAt": _text(task.pull_started_at),
        "PullStoppedAt": _text(task.pull_stopped_at),
        "AvailabilityZone": task.instance.availability_zone,
        "LaunchType": "EC2",
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
        "RestartCount": container.restarts or None,
        "Health": _health(container),
        "Type": "NORMAL",
        "ContainerARN": container.arn,
        "Networks": [{"NetworkMode": "bridge", "IPv4Addresses": [task.instance.address]}],
    }
    return {key: value for key, value in shape.items() if value is not None}


def _health(container: Container) -> dict[str, str] | None:
    return {"status": container.health_status} if container.checked else None


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None
