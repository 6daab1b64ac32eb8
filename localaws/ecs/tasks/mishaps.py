"""What is told to go wrong with a container, in the words of those who would say it."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from localaws.ecs.model import Container, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import checkups
from localaws.faults.fault import Fault, Kind

KILLED = 128 + signal.SIGKILL
DAEMON = "Error response from daemon: "
# the three are in the Amazon ECS developer guide, "CannotPullContainer task errors" and
# "CannotCreateContainerError", and in Docker's answers to a registry
DENIED = (
    DAEMON + "pull access denied for {repository}, repository does not exist or may require "
    "'docker login'"
)
MISSING = DAEMON + "manifest for {image} not found: manifest unknown: Requested image not found"
FULL_WHILE_PULLING = "write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device"
FULL_WHILE_CREATING = DAEMON + "mkdir /var/lib/docker/overlay2/{name}-init: no space left on device"
ENDS = (Kind.EXIT, Kind.OUT_OF_MEMORY, Kind.HEALTHY_THEN_CRASH)


@dataclass(frozen=True)
class Ending:
    """How and when a container ends without anybody's doing."""

    fault: Fault
    after: float  # seconds
    code: int
    out_of_memory: bool = False
    once_healthy: bool = False

    @property
    def told_to_end(self) -> bool:
        return self.fault.withdrawn


class Mishaps:
    def __init__(self, world: World) -> None:
        self._faults = world.faults

    def slowness(self, task: Task, container: Container) -> float:
        """Seconds that a pull takes longer."""
        fault = self._first(Kind.PULL_SLOW, task, container)
        return float(fault.params["seconds"]) if fault else 0

    def unpullable(self, task: Task, container: Container) -> str | None:
        """Why an image cannot be pulled."""
        image = container.image
        repository = image.partition("@")[0].rpartition(":")[0] or image
        if self._first(Kind.PULL_DENIED, task, container):
            return DENIED.format(repository=repository)
        if self._first(Kind.PULL_MISSING, task, container):
            return MISSING.format(image=image)
        return FULL_WHILE_PULLING if self._full(task, container, pulled=False) else None

    def uncreatable(self, task: Task, container: Container) -> str | None:
        """Why a container cannot be created of its image."""
        if self._full(task, container, pulled=True):
            return FULL_WHILE_CREATING.format(name=f"{task.id}-{container.name}")
        return None

    def ending(self, task: Task, container: Container) -> Ending | None:
        for kind in ENDS:
            if fault := self._first(kind, task, container):
                return Ending(
                    fault,
                    after=fault.params["after"],
                    code=fault.params.get("code", KILLED),
                    out_of_memory=kind is Kind.OUT_OF_MEMORY,
                    once_healthy=kind is Kind.HEALTHY_THEN_CRASH,
                )
        return None

    def ill(self, task: Task, container: Container) -> bool:
        """Whether a container that is not healthy fails its health checks."""
        healthy = container.health_status == checkups.HEALTHY
        return not healthy and self._first(Kind.NEVER_HEALTHY, task, container) is not None

    def _full(self, task: Task, container: Container, *, pulled: bool) -> bool:
        full = self._faults.concerning(Kind.DISK_FULL, **_facts(task, container))
        meant = any(one.params["pulled"] is pulled for one in full)
        return meant and self._first(Kind.DISK_FULL, task, container) is not None

    def _first(self, kind: Kind, task: Task, container: Container) -> Fault | None:
        return self._faults.first(kind, **_facts(task, container))


def _facts(task: Task, container: Container) -> dict[str, str]:
    return {
        "cluster": task.cluster,
        "service": task.service.name if task.service else "",
        "family": task.definition.family,
        "image": container.image,
        "container": container.name,
        "instance": task.instance.ec2_instance_id,
    }
