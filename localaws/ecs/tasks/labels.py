"""The labels of a container: its definition's own, and those the ECS agent sets."""

from __future__ import annotations

from localaws.ecs.model import Container, Task


def of(task: Task, container: Container) -> dict[str, str]:
    return {
        **container.definition.get("dockerLabels", {}),
        "com.amazonaws.ecs.cluster": task.cluster,
        "com.amazonaws.ecs.container-name": container.name,
        "com.amazonaws.ecs.task-arn": task.arn,
        "com.amazonaws.ecs.task-definition-family": task.definition.family,
        "com.amazonaws.ecs.task-definition-version": str(task.definition.revision),
    }
