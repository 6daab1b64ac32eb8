"""The deployments of a service: begun, completed, failed, rolled back, gone."""

from __future__ import annotations

from localaws.ecs import messages, names
from localaws.ecs.model import Deployment, Rollout, Service, ServiceDeployment
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services.backoff import Backoff
from localaws.ecs.services.percentages import breaker_threshold

MOST_RECORDS = 100  # of finished rollouts, a service; AWS keeps 90 days
BREAKER_STOPPED = "Service deployment stopped because the circuit breaker threshold was exceeded."
BREAKER_ROLLED_BACK = (
    "Service deployment rolled back because the circuit breaker threshold was exceeded."
)
SUPERSEDED = "Service deployment stopped because a newer service deployment was created."


class Rollouts:
    def __init__(self, world: World, notices: Notices) -> None:
        self._world, self._notices = world, notices

    def begin(self, service: Service) -> Deployment:
        """Of the service as it now is; the one before becomes ACTIVE and is rolled out of."""
        now = self._world.clock.now()
        record = self._record(service)
        for former in service.deployments:
            self._supersede(service, former)
        deployment = Deployment(
            id=names.deployment_id(),
            task_definition=service.task_definition,
            load_balancers=service.load_balancers,
            created_at=now,
            updated_at=now,
            record=record,
        )
        deployment.reason = f"ECS deployment {deployment.id} in progress."
        service.deployments.insert(0, deployment)
        service.history.insert(0, record)
        del service.history[MOST_RECORDS:]
        service.steady_since = None
        self._changed(service, deployment)
        return deployment

    def started(self, service: Service, deployment: Deployment) -> None:
        record = deployment.record
        if record.status == "PENDING":
            record.status, record.started_at = "IN_PROGRESS", self._world.clock.now()
            record.breaker = "MONITORING" if service.breaker["enable"] else "DISABLED"

    def complete(self, service: Service, deployment: Deployment) -> None:
        deployment.rollout, service.last_good = Rollout.COMPLETED, deployment
        deployment.reason = f"ECS deployment {deployment.id} completed."
        if deployment.rolls_back:
            self._finish(deployment.rolls_back, "ROLLBACK_SUCCESSFUL", BREAKER_ROLLED_BACK)
            deployment.rolls_back = None
        if deployment.record.status == "IN_PROGRESS":
            self._finish(deployment.record, "SUCCESSFUL", None)
            if deployment.record.breaker == "MONITORING":
                deployment.record.breaker = "MONITORING_COMPLETE"
        self._notices.say(service, messages.completed(service.name, deployment.id))
        self._changed(service, deployment)

    def task_failed(self, service: Service, deployment: Deployment) -> None:
        """One more; opens the breaker when that makes enough."""
        deployment.failed_tasks += 1
        deployment.record.failures = deployment.failed_tasks
        breaker = service.breaker
        threshold = breaker_threshold(breaker, service.desired_count)
        deployment.record.threshold = threshold if breaker["enable"] else 0
        if (
            breaker["enable"]
            and deployment.primary
            and deployment.rollout is Rollout.IN_PROGRESS
            and deployment.failed_tasks >= threshold
        ):
            self._fail(service, deployment)

    def task_healthy(self, service: Service, deployment: Deployment) -> None:
        if service.breaker.get("resetOnHealthyTask", True):
            deployment.failed_tasks = deployment.record.failures = 0

    def forget_emptied(self, service: Service, awaited: Deployment | None = None) -> None:
        """An ACTIVE deployment goes with its last task, unless some are yet to be replaced."""
        alive = {task.deployment.id for task in service.tasks if task.deployment}
        service.deployments = [
            one for one in service.deployments if one.primary or one.id in alive or one is awaited
        ]

    def _fail(self, service: Service, deployment: Deployment) -> None:
        deployment.rollout, deployment.reason = Rollout.FAILED, messages.BREAKER_OPENED
        deployment.record.breaker = "TRIGGERED"
        self._notices.say(service, messages.failed(service.name, deployment.id))
        self._changed(service, deployment)
        last_good = service.last_good if service.breaker.get("rollback") else None
        if deployment.rolls_back:
            self._finish(deployment.rolls_back, "ROLLBACK_FAILED", messages.BREAKER_OPENED)
            deployment.rolls_back = last_good = None
        if last_good:
            self._roll_back(service, deployment, last_good)
        else:
            self._finish(deployment.record, "STOPPED", BREAKER_STOPPED)

    def _roll_back(self, service: Service, failed: Deployment, good: Deployment) -> None:
        """The good one is made primary again; tasks that it still has are kept."""
        now = self._world.clock.now()
        record = failed.record
        record.status, record.updated_at = "ROLLBACK_IN_PROGRESS", now
        record.rollback = {
            "reason": BREAKER_ROLLED_BACK,
            "startedAt": now,
            "serviceRevisionArn": good.record.revision_arn,
        }
        self._leave(service, failed)
        good.primary, good.backoff = True, Backoff()
        good.rollout, good.failed_tasks, good.rolls_back = Rollout.IN_PROGRESS, 0, record
        good.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {good.id}."
        others = [one for one in service.deployments if one is not good]
        service.deployments = [good, *others]
        service.task_definition = good.task_definition
        service.load_balancers = good.load_balancers
        self._notices.say(service, messages.rolling_back(service.name, failed.id, good.id))
        self._changed(service, good)

    def _leave(self, service: Service, deployment: Deployment) -> None:
        if deployment.primary:
            tasks = (task for task in service.tasks if task.deployment is deployment)
            deployment.share = sum(task.wanted for task in tasks)
        deployment.primary = False

    def _supersede(self, service: Service, deployment: Deployment) -> None:
        self._leave(service, deployment)
        if deployment.record.status in ("PENDING", "IN_PROGRESS"):
            self._finish(deployment.record, "STOPPED", SUPERSEDED)
        if deployment.rolls_back:
            self._finish(deployment.rolls_back, "ROLLBACK_FAILED", SUPERSEDED)
            deployment.rolls_back = None

    def _record(self, service: Service) -> ServiceDeployment:
        now = self._world.clock.now()
        path = f"{service.cluster}/{service.name}"
        deployment_id = names.service_deployment_id()
        return ServiceDeployment(
            arn=self._world.arn("ecs", f"service-deployment/{path}/{deployment_id}"),
            service_arn=service.arn,
            cluster_arn=service.cluster_arn,
            revision_arn=self._world.arn("ecs", f"service-revision/{path}/{names.number()}"),
            sources=[one.record.revision_arn for one in service.deployments if one.primary],
            configuration=service.configuration,
            created_at=now,
            updated_at=now,
        )

    def _finish(self, record: ServiceDeployment, status: str, reason: str | None) -> None:
        now = self._world.clock.now()
        record.status, record.reason, record.updated_at = status, reason, now
        record.finished_at = now
        record.stopped_at = now if status == "STOPPED" else None

    def _changed(self, service: Service, deployment: Deployment) -> None:
        deployment.updated_at = self._world.clock.now()
        self._notices.deployment_changed(service, deployment)
