"""A task behind its load balancers: its targets registered, drained, and asked for their health."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from localaws.ecs.model import Notes, Target, Task
from localaws.ecs.needs import TargetHealth, World
from localaws.wire import AwsError


class Balancing:
    def __init__(self, world: World) -> None:
        self._world = world

    def register(self, task: Task) -> None:
        """One target for each load balancer of the deployment, on the port the task was given."""
        for balancer in task.deployment.load_balancers if task.deployment else ():
            for target in _targets(task, balancer):
                if target not in task.targets:
                    self._register(task, target)

    def deregister(self, task: Task) -> None:
        """Once."""
        if task.deregistered:
            return
        task.deregistered = True
        for target in task.targets:
            with suppress(AwsError):  # the target group is gone
                self._world.elbv2.deregister(target.group, target.id, target.port)
            if task.service:
                task.service.notes.deregistered[target.group] += 1
        if task.service and task.targets:
            task.service.notes.draining += 1

    async def drained(self, task: Task) -> None:
        """Returns once none of its targets is registered any more."""
        for target in task.targets:
            with suppress(AwsError):  # as above
                await self._world.elbv2.drained(target.group, target.id, target.port)

    def health(self, target: Target) -> TargetHealth | None:
        with suppress(AwsError):  # as above
            return self._world.elbv2.health_of(target.group, target.id, target.port)
        return None

    def missing(self, target: Target) -> str | None:
        """What of it is not there, if anything."""
        try:
            found = self._world.elbv2.health_of(target.group, target.id, target.port)
        except AwsError:
            return "TARGET GROUP"
        return None if found else "TARGET"

    def _register(self, task: Task, target: Target) -> None:
        task.targets.append(target)
        notes = task.service.notes if task.service else Notes()
        try:
            self._world.elbv2.register(target.group, target.id, target.port)
        except AwsError as error:
            notes.not_registered[target.group] = error.message
        else:
            notes.registered[target.group] += 1


def _targets(task: Task, balancer: dict[str, Any]) -> list[Target]:
    wanted = (balancer["containerName"], balancer["containerPort"])
    return [
        Target(balancer["targetGroupArn"], task.instance.ec2_instance_id, binding["hostPort"])
        for container in task.containers
        for binding in container.bindings
        if (container.name, binding["containerPort"]) == wanted
    ]
