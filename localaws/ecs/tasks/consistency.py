"""By what an image is pulled: to a deployment a tag means what it meant to its first task. Pure.

As "Software version consistency" tells in the Amazon ECS developer guide (`versionConsistency`).
"""

from __future__ import annotations

from localaws.ecs.model import Container, Task


def resolvable(container: Container) -> bool:
    """Whether its tag is resolved to a digest before anything is pulled."""
    by_tag = "@" not in container.image
    return by_tag and container.definition.get("versionConsistency") != "disabled"


def reference(task: Task, container: Container) -> str:
    if task.deployment and resolvable(container):
        for image in task.deployment.revision.images:
            if (image["containerName"], image["image"]) == (container.name, container.image):
                return f"{container.image}@{image['imageDigest']}"
    return container.image
