"""The deployments of a service: begun, completed, failed, rolled back, gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from localaws.ecs import messages, names
from localaws.ecs.model import Deployment, Life, Rollout, Service, ServiceDeployment, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services import alarms, failure, records
from localaws.ecs.services.backoff import Backoff
from localaws.ecs.services.failure import Failure
from localaws.ecs.services.percentages import breaker_threshold

IMPAIRED_FAILURES = 3  # in a row, of tasks that never ran


class Rollouts:
    def __init__(self, world: World, notices: Notices) -> None:
        self._world, self._notices = world, notices

    def begin(self, service: Service) -> Deployment:
        """Of the service as it now is; the one before becomes ACTIVE and is rolled out of."""
        now = self._world.clock.now()
        record = records.begin(self._world, service)
        for former in service.deployments:
            self._supersede(service, former)
        deployment = Deployment(
            id=names.deployment_id(),
            task_definition=service.task_definition,
            load_balancers=service.load_balancers,
            created_at=now,
            updated_at=now,
            record=record,
            revision=record.revision,
        )
        deployment.reason = f"ECS deployment {deployment.id} in progress."
        service.deployments.insert(0, deployment)
        service.steady_since = None
        self._changed(service, deployment)
        return deployment

    def carry_on(self, service: Service) -> None:
        """What was asked for a moment ago is begun: the rollout, or its rollback."""
        deployment = service.primary
        if deployment.record.status == "PENDING":
            records.start(self._world, service, deployment.record)
        elif deployment.record.status == "ROLLBACK_REQUESTED":
            self._fail(service, deployment, failure.STOPPED, roll_back=True)

    def complete(self, service: Service, deployment: Deployment) -> None:
        deployment.rollout, service.last_good = Rollout.COMPLETED, deployment
        deployment.reason = f"ECS deployment {deployment.id} completed."
        if record := deployment.rolls_back:
            records.finish(self._world, record, "ROLLBACK_SUCCESSFUL", record.reason)
            deployment.rolls_back = None
        if deployment.record.status == "IN_PROGRESS":
            records.finish(self._world, deployment.record, "SUCCESSFUL", None)
        self._notices.say(service, messages.completed(service.name, deployment.id))
        self._changed(service, deployment)

    def task_ended(self, task: Task) -> None:
        """By itself, or before it began."""
        service, deployment, now = task.service, task.deployment, self._world.clock.now()
        if service is None or deployment is None:
            return
        if task.started_at:
            deployment.backoff = deployment.backoff.crashed(now)
        else:
            deployment.backoff = deployment.backoff.never_ran(now)
            if deployment.primary and deployment.backoff.unborn == IMPAIRED_FAILURES:
                self._notices.say_once(service, messages.impaired(service.name))
                self._notices.acted(service, "SERVICE_TASK_START_IMPAIRED", "WARN")
        self.task_failed(service, deployment)

    def task_failed(self, service: Service, deployment: Deployment) -> None:
        """One more; opens the breaker when that makes enough."""
        deployment.failed_tasks += 1
        record, breaker = deployment.rolls_back or deployment.record, service.breaker
        if not breaker["enable"] or record.status not in (*records.UNDER_WAY, *records.GOING_BACK):
            return
        record.failures = deployment.failed_tasks
        record.threshold = breaker_threshold(breaker, service.desired_count)
        in_progress = deployment.primary and deployment.rollout is Rollout.IN_PROGRESS
        if in_progress and deployment.failed_tasks >= record.threshold:
            record.breaker = "TRIGGERED"
            self._fail(service, deployment, failure.BREAKER, roll_back=_wanted(breaker))

    def task_healthy(self, service: Service, deployment: Deployment) -> None:
        if service.breaker.get("resetOnHealthyTask", True):
            deployment.failed_tasks = deployment.record.failures = 0

    def alarms_seen(
        self, service: Service, deployment: Deployment, seen: Sequence[alarms.Alarm]
    ) -> None:
        """They count as soon as a task of the deployment runs."""
        record = deployment.record
        if record.alarms_watched is None:
            record.alarms_watched = alarms.quiet(seen)
        record.bake_seconds = alarms.bake_seconds(seen, record.alarms_watched)
        tasks = [task for task in service.tasks if task.deployment is deployment]
        found = alarms.triggered(seen, record.alarms_watched)
        if found and any(task.status is Life.RUNNING for task in tasks):
            record.alarms, record.alarms_triggered = "TRIGGERED", found
            roll_back = _wanted(record.configuration["alarms"])
            self._fail(service, deployment, failure.ALARMED, roll_back=roll_back)

    def baked(self, service: Service) -> bool:
        """Nothing is left to do but to wait whether an alarm tells that something is wrong."""
        record, now = service.primary.record, self._world.clock.now()
        if not records.watched(record):
            return True
        if record.alarms_watched is None:
            return False
        record.bakes_until = record.bakes_until or now + timedelta(seconds=record.bake_seconds)
        return now >= record.bakes_until

    def forget_emptied(self, service: Service, awaited: Deployment | None = None) -> None:
        """An ACTIVE deployment goes with its last task, unless some are yet to be replaced, or it
        may have to be gone back to."""
        if records.watched(service.primary.record):
            return
        alive = {task.deployment.id for task in service.tasks if task.deployment}
        service.deployments = [
            one for one in service.deployments if one.primary or one.id in alive or one is awaited
        ]

    def _fail(
        self, service: Service, deployment: Deployment, why: Failure, *, roll_back: bool
    ) -> None:
        deployment.rollout, deployment.reason = Rollout.FAILED, why.reason
        self._notices.say(service, messages.failed(service.name, deployment.id, why.said))
        self._changed(service, deployment)
        if deployment.rolls_back:
            records.finish(self._world, deployment.rolls_back, "ROLLBACK_FAILED", why.rolled_back)
            deployment.rolls_back = None
            return
        good = _candidate(service, deployment)
        if not roll_back:
            records.finish(self._world, deployment.record, "STOPPED", why.stopped)
        elif good:
            self._roll_back(service, deployment, good, why)
        else:
            reason = failure.NO_CANDIDATE
            records.finish(self._world, deployment.record, "ROLLBACK_FAILED", reason)

    def _roll_back(
        self, service: Service, failed: Deployment, good: Deployment, why: Failure
    ) -> None:
        """The good one is made primary again; tasks that it still has are kept."""
        records.go_back(self._world, failed.record, good.revision, why.rolled_back)
        self._leave(service, failed)
        good.primary, good.backoff = True, Backoff()
        good.rollout, good.failed_tasks, good.rolls_back = Rollout.IN_PROGRESS, 0, failed.record
        good.reason = why.going_back.format(good.id)
        service.deployments = [good, *(one for one in service.deployments if one is not good)]
        service.task_definition = good.task_definition
        service.load_balancers = good.load_balancers
        service.strategy = good.revision.capacity_providers
        self._notices.say(service, messages.rolling_back(service.name, good.id))
        self._changed(service, good)

    def _leave(self, service: Service, deployment: Deployment) -> None:
        if deployment.primary:
            tasks = (task for task in service.tasks if task.deployment is deployment)
            deployment.share = sum(task.wanted for task in tasks)
        deployment.primary = False

    def _supersede(self, service: Service, deployment: Deployment) -> None:
        self._leave(service, deployment)
        self._overtake(deployment.record)
        if deployment.rolls_back:
            self._overtake(deployment.rolls_back)
            deployment.rolls_back = None

    def _overtake(self, record: ServiceDeployment) -> None:
        if record.status in records.UNDER_WAY:
            records.finish(self._world, record, "STOPPED", failure.SUPERSEDED)
        elif record.status in records.GOING_BACK:
            records.finish(self._world, record, "ROLLBACK_FAILED", failure.SUPERSEDED)

    def _changed(self, service: Service, deployment: Deployment) -> None:
        deployment.updated_at = self._world.clock.now()
        self._notices.deployment_changed(service, deployment)


def _candidate(service: Service, failed: Deployment) -> Deployment | None:
    """The most recent deployment that is COMPLETED."""
    good = service.last_good
    return good if good and good is not failed and good.rollout is Rollout.COMPLETED else None


def _wanted(configured: Mapping[str, Any]) -> bool:
    return bool(configured.get("rollback"))
