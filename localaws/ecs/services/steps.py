"""One step of one service: looked at, decided by `scheduling`, done, told, and concluded."""

from __future__ import annotations

from collections import Counter

from localaws.ecs import messages
from localaws.ecs.balancing import Balancing
from localaws.ecs.model import STARTING, Life, Notes, Rollout, Service, State, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services import looks, scheduling
from localaws.ecs.services.launches import Launches
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.services.scheduling import TaskView
from localaws.ecs.services.views import Views
from localaws.ecs.services.watch import Watch
from localaws.ecs.services.zones import Zones
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.starting import Starting


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
        self._rollouts, self._lives = rollouts, lives
        self._views, self._balancing = Views(world, rollouts), Balancing(world)
        self._launches = Launches(world, notices, rollouts, starting)
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
        self._launches.start(service, step, views)
        if step.stuck:
            self._notices.say_once(service, messages.stuck(service.name))
        self._tell_protected(service, step)
        self._tell_missing(service)
        self._rollouts.forget_emptied(service, service.standing if step.restore else None)
        self._write_notes(service)
        self._conclude(service, [view for view in views if view.healthy])
        moved = service.moving
        service.even = service.even and service.steady_since is not None
        if service.steady_since or moved:
            self._zones.even(service, views)
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

    def _tell_protected(self, service: Service, step: scheduling.Step) -> None:
        for deployment, count in Counter(one.deployment for one in step.held).items():
            message = messages.protected(service.name, deployment, count)
            if self._notices.say_once(service, message):
                self._notices.acted(service, "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION")

    def _tell_missing(self, service: Service) -> None:
        for task in service.tasks:
            if task.wanted and task.status is Life.RUNNING and not task.healthy_since:
                for target in task.targets:
                    if missing := self._balancing.missing(target):
                        message = messages.no_target(service.name, task, target, missing)
                        self._notices.say_once(service, message)

    def _write_notes(self, service: Service) -> None:
        notes, service.notes, name = service.notes, Notes(), service.name
        for group, why in notes.not_registered.items():
            self._notices.say_once(service, messages.not_registered(name, group, why))
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
        if service.steady_said is None or now - service.steady_said >= looks.REPEATS:
            service.steady_said = now
            self._notices.say(service, messages.steady(service.name))
            self._notices.steady(service)

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
