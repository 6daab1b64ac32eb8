"""New tasks of a service, as many as a step asks for: started, or said why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from localaws.ecs import messages
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Deployment, Rollout, Service
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services.hindrances import Hindrances
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.services.scheduling import Step, TaskView
from localaws.ecs.tasks.starting import Starting

PLACEMENT_RETRY = timedelta(seconds=15)  # how often one that cannot be placed counts as failed


class Launches:
    def __init__(
        self, world: World, notices: Notices, rollouts: Rollouts, starting: Starting
    ) -> None:
        self._world, self._notices, self._rollouts = world, notices, rollouts
        self._starting, self._hindrances = starting, Hindrances(world, notices)

    def start(self, service: Service, step: Step, views: Sequence[TaskView]) -> None:
        """Those of the revision that serves come first."""
        sick = sum(one.unhealthy for one in views)
        if standing := service.standing:
            standing.share = step.share
            if standing.backoff.lets_start(self._world.clock.now()):
                self._start(service, standing, step.restore, sick)
        self._start(service, service.primary, step.start, sick)

    def _start(self, service: Service, deployment: Deployment, count: int, sick: int) -> None:
        started = list[str]()
        deployment.no_room = deployment.no_room and count > 0
        if count and self._hindrances.hinder(service, deployment):
            return
        for _ in range(count):
            task = self._starting.for_service(service, deployment)
            deployment.no_room = isinstance(task, Refused)
            if isinstance(task, Refused):
                self._unplaced(service, deployment, task)
                if started and service.breaker["enable"]:
                    self._tell_rest(service, deployment, count - len(started), task)
                break
            started.append(task.id)
        if started:
            replaced = min(len(started), sick)
            self._notices.say(service, messages.started(service.name, started, replaced))
            service.steady_since = None

    def _unplaced(self, service: Service, deployment: Deployment, refused: Refused) -> None:
        where = _where(deployment)
        message = messages.unplaced(service.name, refused.closest, refused.code, where)
        if refused.too_many_wait:
            message = messages.too_many_wait(service.name)
        service.steady_since = None
        if self._notices.say_once(service, message):
            self._notices.not_placed(service, refused)
        now = self._world.clock.now()
        if service.next_placement is None or now >= service.next_placement:
            service.next_placement = now + PLACEMENT_RETRY
            if deployment.rollout is Rollout.IN_PROGRESS:
                self._rollouts.task_failed(service, deployment)

    def _tell_rest(
        self, service: Service, deployment: Deployment, count: int, refused: Refused
    ) -> None:
        why = messages.no_room(refused.closest, refused.code, _where(deployment))
        message = messages.not_launched(service.name, deployment.id, count, why)
        self._notices.say_once(service, message)


def _where(deployment: Deployment) -> str:
    return messages.PROVIDER if deployment.revision.capacity_providers else messages.CLUSTER
