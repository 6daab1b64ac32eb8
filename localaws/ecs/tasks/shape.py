"""A task as DescribeTasks and its events show it. Secret values are nowhere in it."""

from __future__ import annotations

from typing import Any

from localaws.ecs.instances import reservation
from localaws.ecs.model import Container, Task

SHOWN_ATTRIBUTES = ("ecs.cpu-architecture",)


def describe(task: Task) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.definition.arn,
        "containerInstanceArn": task.placed_on and task.placed_on.arn,
        "availabilityZone": task.placed_on and task.placed_on.availability_zone,
        "capacityProviderName": task.capacity_provider,
        "attributes": _attributes(task),
        "attachments": [],
        "group": task.group,
        "startedBy": task.started_by,
        "launchType": "EC2",
        "lastStatus": task.status.value,
        "desiredStatus": task.desired_status,
        "healthStatus": task.health_status,
        **_connectivity(task),
        "cpu": str(reservation.cpu(task.definition, task.overrides)),
        "memory": str(reservation.memory(task.definition, task.overrides)),
        "containers": [_container(task, container) for container in task.known],
        "overrides": _overrides(task),
        "enableExecuteCommand": False,
        "version": task.version,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "createdAt": task.created_at,
        "pullStartedAt": task.pull_started_at,
        "pullStoppedAt": task.pull_stopped_at,
        "startedAt": task.started_at,
        "stoppingAt": task.stopping_at,
        "executionStoppedAt": task.execution_stopped_at,
        "stoppedAt": task.stopped_at,
    }
    return {key: value for key, value in shape.items() if value is not None}


def _attributes(task: Task) -> list[dict[str, Any]]:
    """Of its machine, what it runs for."""
    kept = task.placed_on.attributes if task.placed_on else {}
    return [{"name": name, "value": kept[name]} for name in SHOWN_ATTRIBUTES if name in kept]


def _connectivity(task: Task) -> dict[str, Any]:
    """Of its agent, once it has one."""
    if task.placed_on is None:
        return {}
    return {
        "connectivity": "CONNECTED" if task.connected else "DISCONNECTED",
        "connectivityAt": task.connected_at or task.created_at,
    }


def _overrides(task: Task) -> dict[str, Any]:
    """Each container is named, whether anything of it was overridden or not."""
    given = {one["name"]: one for one in task.overrides.get("containerOverrides", ())}
    named = [given.get(one["name"], {"name": one["name"]}) for one in task.definition.containers]
    return task.overrides | {"containerOverrides": named, "inferenceAcceleratorOverrides": []}


def _container(task: Task, container: Container) -> dict[str, Any]:
    definition = container.definition
    shape = {
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "imageDigest": container.image_digest,
        "runtimeId": container.runtime_id,
        "lastStatus": container.last_status,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkBindings": container.bindings,
        "networkInterfaces": [],
        "healthStatus": container.health_status,
        "cpu": str(definition.get("cpu", 0)),
        "memory": _text(definition.get("memory")),
        "memoryReservation": _text(definition.get("memoryReservation")),
    }
    return {key: value for key, value in shape.items() if value is not None}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
