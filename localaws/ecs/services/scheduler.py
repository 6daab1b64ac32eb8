"""The service scheduler: looks at every service, takes one step, and looks again."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from localaws.ecs import messages
from localaws.ecs.balancing import Balancing
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Deployment, Life, Notes, Rollout, Service, State, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services import health, scheduling
from localaws.ecs.services.backoff import WELL, Backoff
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.starting import Starting

log = logging.getLogger(__name__)
TICK_SECONDS = 0.05
GATHER_SECONDS = 0.005
TASKS_KEPT = timedelta(hours=1)  # after they stopped
SERVICES_KEPT = timedelta(hours=1)  # after they became INACTIVE
PLACEMENT_RETRY = timedelta(seconds=15)  # how often one that cannot be placed counts as failed
IMPAIRED_FAILURES = 3


class Scheduler:
    def __init__(self, world: World, state: State, notices: Notices, rollouts: Rollouts) -> None:
        self._world, self._state = world, state
        self._notices, self._rollouts = notices, rollouts
        self._balancing = Balancing(world)
        self._woken = asyncio.Event()
        self.lives: Lives
        self.starting: Starting

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            changed = self._woken.is_set()
            self._woken.clear()
            for service in list(self._state.services.values()):
                if changed or not _quiet(service):
                    self._step_safely(service)
            self._forget_old()
            await self._pause()

    async def _pause(self) -> None:
        """Until something changed or the tick is over; many changes at once are one."""
        tick = asyncio.ensure_future(self._world.clock.sleep(TICK_SECONDS))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({tick, woken}, return_when=asyncio.FIRST_COMPLETED)
            if woken.done():
                await self._world.clock.sleep(GATHER_SECONDS)
        finally:
            tick.cancel()
            woken.cancel()

    def stopping(self, task: Task) -> None:
        """A task is no longer wanted: was that a failure of its deployment?"""
        service, deployment = task.service, task.deployment
        failed = task.stop_code in ("TaskFailedToStart", "EssentialContainerExited")
        if service and deployment and failed:
            self._count_failure(service, deployment, task)

    def over(self, task: Task) -> None:
        if task.service:
            task.service.tasks.remove(task)
        self.wake()

    def _count_failure(self, service: Service, deployment: Deployment, task: Task) -> None:
        now = self._world.clock.now()
        if task.started_at:
            deployment.backoff = deployment.backoff.crashed(now)
        else:
            deployment.backoff = deployment.backoff.never_ran(now)
            if deployment.primary and deployment.backoff.unborn == IMPAIRED_FAILURES:
                self._notices.say_once(service, messages.impaired(service.name))
                self._notices.acted(service, "SERVICE_TASK_START_IMPAIRED", "WARN")
        self._rollouts.task_failed(service, deployment)

    def _step_safely(self, service: Service) -> None:
        try:
            self._step(service)
        except Exception:  # one broken service must not stop the others
            log.exception("a step of service %s failed", service.name)

    def _step(self, service: Service) -> None:
        if service.status == "INACTIVE":
            return
        self._rollouts.carry_on(service)
        views = [self._view(service, task) for task in service.tasks if task.wanted]
        step = scheduling.step(self._demand(service, views))
        for view in step.sick:
            self._stop_sick(service, self._state.tasks[view.id])
        for view in step.stop:
            reason = messages.scaling(service.primary.id)
            self.lives.stop(self._state.tasks[view.id], "ServiceSchedulerInitiated", reason)
        self._start_both(service, step)
        if step.stuck:
            self._notices.say_once(service, messages.stuck(service.name))
        self._rollouts.forget_emptied(service, service.standing if step.restore else None)
        self._write_notes(service)
        self._conclude(service, [view for view in views if view.healthy])

    def _start_both(self, service: Service, step: scheduling.Step) -> None:
        """Those of the revision that serves come first."""
        if standing := service.standing:
            standing.share = step.share
            if standing.backoff.lets_start(self._world.clock.now()):
                self._start(service, standing, step.restore)
        self._start(service, service.primary, step.start)

    def _demand(self, service: Service, views: list[scheduling.TaskView]) -> scheduling.ServiceView:
        primary, standing = service.primary, service.standing
        return scheduling.ServiceView(
            desired=service.desired_count if service.status == "ACTIVE" else 0,
            minimum_healthy_percent=service.configuration["minimumHealthyPercent"],
            maximum_percent=service.configuration["maximumPercent"],
            primary=primary.id,
            tasks=views,
            failed=primary.rollout is Rollout.FAILED,
            may_start=primary.backoff.lets_start(self._world.clock.now()),
            standing=standing.id if standing else None,
            share=standing.share if standing else 0,
            no_room=primary.no_room,
        )

    def _view(self, service: Service, task: Task) -> scheduling.TaskView:
        found = self._health(service, task)
        self._note_health(service, task, found)
        return scheduling.TaskView(
            id=task.id,
            deployment=task.deployment.id if task.deployment else "",
            zone=task.instance.availability_zone,
            instance=task.instance.id,
            created=task.created_at.timestamp(),
            condition=_condition(found),
            leaving=task.instance.status != "ACTIVE",
        )

    def _health(self, service: Service, task: Task) -> health.Health:
        if task.status is not Life.RUNNING or task.started_at is None:
            return health.Health(serves=False)
        running_for = (self._world.clock.now() - task.started_at).total_seconds()
        targets = [(target, self._balancing.health(target)) for target in task.targets]
        settles = self._world.task_settle_seconds
        return health.judge(targets, running_for, service.grace_seconds, settles)

    def _note_health(self, service: Service, task: Task, found: health.Health) -> None:
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
        elif deployment and deployment.backoff.crashes and now - task.healthy_since > WELL:
            deployment.backoff = Backoff()

    def _stop_sick(self, service: Service, task: Task) -> None:
        found = self._health(service, task)
        if found.sick is None:
            return
        target, name = found.sick, service.name
        self._notices.say(
            service, messages.unhealthy(name, target.id, target.port, target.group, found.why)
        )
        reason = messages.failed_health_checks(target.group)
        self.lives.stop(task, "ServiceSchedulerInitiated", reason)
        if task.deployment:
            self._rollouts.task_failed(service, task.deployment)

    def _start(self, service: Service, deployment: Deployment, count: int) -> None:
        started = []
        for _ in range(count):
            task = self.starting.for_service(service, deployment)
            deployment.no_room = isinstance(task, Refused)
            if isinstance(task, Refused):
                self._unplaced(service, task)
                break
            started.append(task.id)
        if started:
            self._notices.say(service, messages.started(service.name, started))
            service.steady_since = None

    def _unplaced(self, service: Service, refused: Refused) -> None:
        code = refused.reasons.get(refused.closest or "", "")
        message = messages.unplaced(service.name, refused.closest, code)
        service.steady_since = None
        if self._notices.say_once(service, message):
            self._notices.acted(
                service,
                "SERVICE_TASK_PLACEMENT_FAILURE",
                "ERROR",
                reason=code or "RESOURCE:MEMORY",
                containerInstanceArns=list(refused.reasons),
            )
        now = self._world.clock.now()
        if service.next_placement is None or now >= service.next_placement:
            service.next_placement = now + PLACEMENT_RETRY
            if service.primary.rollout is Rollout.IN_PROGRESS:
                self._rollouts.task_failed(service, service.primary)

    def _write_notes(self, service: Service) -> None:
        notes, service.notes, name = service.notes, Notes(), service.name
        said = [messages.registered(name, n, group) for group, n in notes.registered.items()]
        said += [messages.deregistered(name, n, group) for group, n in notes.deregistered.items()]
        said += [messages.draining(name, notes.draining)] if notes.draining else []
        said += [messages.stopped(name, notes.stopped)] if notes.stopped else []
        for message in said:
            self._notices.say(service, message)

    def _conclude(self, service: Service, healthy: list[scheduling.TaskView]) -> None:
        if service.status == "DRAINING":
            if not service.tasks:
                self._retire(service)
            return
        settled = (
            len(service.deployments) == 1
            and len(service.tasks) == len(healthy) == service.desired_count
        )
        if not settled:
            service.steady_since = None
            return
        if service.primary.rollout is Rollout.IN_PROGRESS:
            self._rollouts.complete(service, service.primary)
        if service.primary.rollout is Rollout.COMPLETED and service.steady_since is None:
            service.steady_since = self._world.clock.now()
            self._notices.forget(service)
            self._notices.say(service, messages.steady(service.name))
            self._notices.acted(service, "SERVICE_STEADY_STATE")

    def _retire(self, service: Service) -> None:
        service.status, service.deployments = "INACTIVE", []
        service.stopped_at = self._world.clock.now()

    def _forget_old(self) -> None:
        now, state = self._world.clock.now(), self._state
        for task in [one for one in state.tasks.values() if one.stopped_at]:
            if task.stopped_at and now - task.stopped_at > TASKS_KEPT:
                del state.tasks[task.id]
                state.tags.pop(task.arn, None)
        for key, service in list(state.services.items()):
            if service.stopped_at and now - service.stopped_at > SERVICES_KEPT:
                del state.services[key]
                state.tags.pop(service.arn, None)


def _images(task: Task) -> list[dict[str, str]]:
    """What the first task of a deployment has pulled stands for all of them."""
    return [
        {"containerName": one.name, "image": one.image, "imageDigest": one.image_digest}
        for one in task.containers
        if one.image_digest
    ]


def _condition(found: health.Health) -> scheduling.Condition:
    if found.sick:
        return scheduling.Condition.UNHEALTHY
    return scheduling.Condition.HEALTHY if found.serves else scheduling.Condition.STARTING


def _quiet(service: Service) -> bool:
    """Time alone changes nothing: it is steady, and no load balancer has anything to say."""
    if service.status == "INACTIVE":
        return True
    settled = service.steady_since and not service.primary.backoff.crashes
    return bool(settled and not service.load_balancers)
