"""One step of one service: looked at, decided by `scheduling`, done, told, and concluded."""

from __future__ import annotations

from datetime import timedelta

from localaws.ecs import messages
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import STARTING, Deployment, Notes, Rollout, Service, State, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services import looks, scheduling
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.services.scheduling import Condition, TaskView
from localaws.ecs.services.views import Views
from localaws.ecs.services.watch import Watch
from localaws.ecs.services.zones import Zones
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.starting import Starting

PLACEMENT_RETRY = timedelta(seconds=15)  # how often one that cannot be placed counts as failed
REPEATS = timedelta(hours=6)  # what AWS says of a service at rest


class Steps:
    def __init__(
        self,
        world: World,
        state: State,
        notices: Notices,
        rollouts: Rollouts,
        lives: Lives,
        starting: Starting,
        watch: Watch,
    ) -> None:
        self._watch = watch
        self._world, self._state, self._notices = world, state, notices
        self._rollouts, self._lives, self._starting = rollouts, lives, starting
        self._views = Views(world, rollouts)
        self._zones = Zones(world, state, notices, lives, starting)

    def take(self, service: Service) -> float | None:
        """In how many seconds to look at it again, though nothing of it changes."""
        if service.status == "INACTIVE":
            return None
        self._rollouts.carry_on(service)
        self._watch.follow(service)
        views = self._views.of(service)
        self._zones.check(service, views)
        step = scheduling.step(_demand(self._world, service, views))
        self._stop(service, step)
        self._start(service, step, views)
        if step.stuck:
            self._notices.say_once(service, messages.stuck(service.name))
        self._rollouts.forget_emptied(service, service.standing if step.restore else None)
        self._write_notes(service)
        self._conclude(service, [view for view in views if view.healthy])
        moved = service.moving
        if service.steady_since or moved:
            self._zones.even(service, self._views.of(service))
        if moved and not service.moving:
            return 0  # what it has left over, if anything
        return looks.next_look(service, self._world.clock.now(), self._world.task_settle_seconds)

    def _stop(self, service: Service, step: scheduling.Step) -> None:
        for view in step.sick:
            self._stop_sick(service, self._state.tasks[view.id])
        tasks = [self._state.tasks[view.id] for view in step.stop]
        pending = [task for task in tasks if task.status in STARTING]
        reason = messages.scaling(service.primary.id)
        for task in tasks:
            self._lives.stop(task, "ServiceSchedulerInitiated", reason)
        if pending:
            self._notices.say(service, messages.stopped_pending(service.name, len(pending)))
        service.notes.stopped += [task.id for task in tasks if task not in pending]

    def _stop_sick(self, service: Service, task: Task) -> None:
        """What ails it is asked again: the sight of it is a moment old, and it may be well."""
        found = self._views.health(service, task)
        if not found.fails:
            return
        if target := found.sick:
            said = messages.unhealthy(service.name, task.id, target, found.why)
            reason = messages.failed_health_checks(target.group)
        else:
            said = messages.failed_container_checks(service.name, task.id)
            reason = messages.FAILED_CONTAINER_CHECKS
        self._notices.say(service, said)
        self._lives.stop(task, "ServiceSchedulerInitiated", reason)
        service.notes.stopped.append(task.id)
        if task.deployment:
            self._rollouts.task_failed(service, task.deployment)

    def _start(self, service: Service, step: scheduling.Step, views: list[TaskView]) -> None:
        """Those of the revision that serves come first."""
        sick = sum(one.condition is Condition.UNHEALTHY for one in views)
        if standing := service.standing:
            standing.share = step.share
            if standing.backoff.lets_start(self._world.clock.now()):
                self._start_of(service, standing, step.restore, sick)
        self._start_of(service, service.primary, step.start, sick)

    def _start_of(self, service: Service, deployment: Deployment, count: int, sick: int) -> None:
        started = []
        deployment.no_room = deployment.no_room and count > 0
        for _ in range(count):
            task = self._starting.for_service(service, deployment)
            deployment.no_room = isinstance(task, Refused)
            if isinstance(task, Refused):
                self._unplaced(service, deployment, task)
                break
            started.append(task.id)
        if started:
            replaced = min(len(started), sick)
            self._notices.say(service, messages.started(service.name, started, replaced))
            service.steady_since = None

    def _unplaced(self, service: Service, deployment: Deployment, refused: Refused) -> None:
        by_provider = deployment.revision.capacity_providers
        where = messages.PROVIDER if by_provider else messages.CLUSTER
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

    def _write_notes(self, service: Service) -> None:
        notes, service.notes, name = service.notes, Notes(), service.name
        said = [messages.registered(name, n, group) for group, n in notes.registered.items()]
        said += [messages.deregistered(name, n, group) for group, n in notes.deregistered.items()]
        said += [messages.draining(name, notes.draining)] if notes.draining else []
        if notes.stopped:
            said.append(messages.stopped(name, notes.stopped))
            self._notices.acted(service, "TASKS_STOPPED")
        for message in said:
            self._notices.say(service, message)

    def _conclude(self, service: Service, healthy: list[TaskView]) -> None:
        if service.status == "DRAINING":
            if not service.tasks:
                self._retire(service)
            return
        primary = service.primary
        alone = all(task.deployment is primary for task in service.tasks)
        counts = len(service.tasks) == len(healthy) == service.desired_count
        if not (alone and counts):
            service.steady_since = None
            return
        if primary.rollout is Rollout.IN_PROGRESS and self._rollouts.baked(service):
            self._rollouts.complete(service, primary)
            self._rollouts.forget_emptied(service)
        if service.primary.rollout is Rollout.COMPLETED:
            self._rest(service)

    def _rest(self, service: Service) -> None:
        """It is steady, which is said again every six hours."""
        now = self._world.clock.now()
        if service.steady_since is None:
            service.steady_since, service.steady_said = now, None
            self._notices.forget(service)
        if service.steady_said is None or now - service.steady_said >= REPEATS:
            service.steady_said = now
            self._notices.say(service, messages.steady(service.name))
            self._notices.acted(service, "SERVICE_STEADY_STATE")

    def _retire(self, service: Service) -> None:
        service.status, service.deployments = "INACTIVE", []
        service.stopped_at = self._world.clock.now()


def _demand(world: World, service: Service, views: list[TaskView]) -> scheduling.ServiceView:
    primary, standing = service.primary, service.standing
    return scheduling.ServiceView(
        desired=service.desired_count if service.status == "ACTIVE" else 0,
        minimum_healthy_percent=service.configuration["minimumHealthyPercent"],
        maximum_percent=service.configuration["maximumPercent"],
        primary=primary.id,
        tasks=views,
        failed=primary.rollout is Rollout.FAILED,
        may_start=primary.backoff.lets_start(world.clock.now()),
        standing=standing.id if standing else None,
        share=standing.share if standing else 0,
        no_room=primary.no_room,
        moving=len(service.moving.started) if service.moving else 0,
    )
