"""The tasks of a service as the scheduler sees them now, and what is learned from the look."""

from __future__ import annotations

from localaws.ecs.balancing import Balancing
from localaws.ecs.model import Life, Service, Task
from localaws.ecs.needs import World
from localaws.ecs.services.backoff import WELL, Backoff
from localaws.ecs.services.health import Health, judge
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.services.scheduling import Condition, TaskView


class Views:
    def __init__(self, world: World, rollouts: Rollouts) -> None:
        self._world, self._rollouts = world, rollouts
        self._balancing = Balancing(world)

    def of(self, service: Service) -> list[TaskView]:
        return [self._view(service, task) for task in service.tasks if task.wanted]

    def health(self, service: Service, task: Task) -> Health:
        if task.status is not Life.RUNNING or task.started_at is None:
            return Health(serves=False)
        running_for = (self._world.clock.now() - task.started_at).total_seconds()
        targets = [(target, self._balancing.health(target)) for target in task.targets]
        settles = self._world.task_settle_seconds
        containers = task.health_status if task.checked else None
        return judge(targets, containers, running_for, service.grace_seconds, settles)

    def _view(self, service: Service, task: Task) -> TaskView:
        found = self.health(service, task)
        self._note(service, task, found)
        return TaskView(
            id=task.id,
            deployment=task.deployment.id if task.deployment else "",
            zone=task.placed_on.availability_zone if task.placed_on else "",
            instance=task.placed_on.id if task.placed_on else "",
            created=task.created_at.timestamp(),
            condition=_condition(found),
            leaving=task.leaving,
            ails=found.ails,
            protected=service.status == "ACTIVE" and task.protected(self._world.clock.now()),
        )

    def _note(self, service: Service, task: Task, found: Health) -> None:
        now, deployment = self._world.clock.now(), task.deployment
        if deployment and task.started_at:
            deployment.backoff = deployment.backoff.ran()
            deployment.revision.images = deployment.revision.images or _images(task)
        if not found.serves:
            task.healthy_since = None
        elif task.healthy_since is None:
            task.healthy_since = now
            if deployment:
                self._rollouts.task_healthy(service, deployment)
        elif deployment and deployment.backoff.crashes and now - task.healthy_since >= WELL:
            deployment.backoff = Backoff()


def _condition(found: Health) -> Condition:
    if found.fails:
        return Condition.UNHEALTHY
    return Condition.HEALTHY if found.serves else Condition.STARTING


def _images(task: Task) -> list[dict[str, str]]:
    """What the first task of a deployment has pulled stands for all of them."""
    return [
        {"containerName": one.name, "image": one.image, "imageDigest": one.image_digest}
        for one in task.containers
        if one.image_digest
    ]
