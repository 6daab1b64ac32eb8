"""A steady service's tasks moved until each availability zone has its share: new ones are started
where they miss, and as many stopped elsewhere once all are healthy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from localaws.ecs import messages
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Moving, Rollout, Service, State
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services import percentages, rebalancing
from localaws.ecs.services.scheduling import TaskView
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.starting import Starting

RETRY = timedelta(
    minutes=5
)  # after a move that came to nothing; AWS does not say how long it waits


class Zones:
    def __init__(
        self, world: World, state: State, notices: Notices, lives: Lives, starting: Starting
    ) -> None:
        self._world, self._state, self._notices = world, state, notices
        self._lives, self._starting = lives, starting

    def check(self, service: Service, views: Sequence[TaskView]) -> None:
        """A move is given up when it fails, or something else happens to the service."""
        moving = service.moving
        if moving is None:
            return
        moving.started = [task_id for task_id in moving.started if _there(task_id, views)]
        if not moving.started:
            self._give_up(service)
        elif _ails(views) or not _at_rest(service, moving):
            self._give_up(service)
            service.moves_after = None  # once it is at rest again

    def even(self, service: Service, views: Sequence[TaskView]) -> None:
        """After a step that has left nothing else to do."""
        if not rebalancing.enabled(service.settings, service.configuration):
            return
        now = self._world.clock.now()
        if service.moving:
            if all(one.healthy for one in views):
                self._finish(service, service.moving, views)
        elif not service.even and (service.moves_after is None or now >= service.moves_after):
            self._begin(service, views)

    def _begin(self, service: Service, views: Sequence[TaskView]) -> None:
        counted = rebalancing.counts(views, self._starting.zones(service, service.primary))
        missing = rebalancing.missing(counted)
        wanted = sum(missing.values())
        most = percentages.ceiling(service.desired_count, service.configuration["maximumPercent"])
        movable = len(rebalancing.surplus(views, wanted, ()))
        if not missing or most <= service.desired_count:
            service.even = True
            return
        if self._notices.say_once(service, messages.unbalanced(service.name, counted)):
            self._notices.acted(service, "SERVICE_REBALANCING_STARTED")
        room = min(most - service.desired_count, movable)
        started = self._start(service, missing, room) if movable else []
        if movable < wanted:
            self._tell_protected(service, sum(one.protected for one in views))
        if started:
            service.moving = Moving(service.desired_count, started)
            service.steady_since = None
        else:
            self._give_up(service)

    def _start(self, service: Service, missing: Mapping[str, int], room: int) -> list[str]:
        started = list[str]()
        for zone, count in missing.items():
            here = list[str]()
            while len(here) < count and len(started) + len(here) < room:
                task = self._starting.for_service(service, service.primary, zone=zone)
                if isinstance(task, Refused):
                    self._tell_no_room(service, zone, task)
                    break
                here.append(task.id)
            if here:
                self._notices.say(service, messages.started_in_zone(service.name, zone, here))
                self._notices.acted(service, "TASKS_STARTED")
            started += here
        return started

    def _finish(self, service: Service, moving: Moving, views: Sequence[TaskView]) -> None:
        wanted = len(views) - service.desired_count
        going = rebalancing.surplus(views, wanted, moving.started)
        by_zone = defaultdict[str, list[str]](list)
        reason = messages.rebalancing(service.primary.id)
        for view in going:
            self._lives.stop(self._state.tasks[view.id], "ServiceSchedulerInitiated", reason)
            by_zone[view.zone].append(view.id)
        for zone, ids in by_zone.items():
            self._notices.say(service, messages.stopped_in_zone(service.name, zone, ids))
            self._notices.acted(service, "TASKS_STOPPED")
        service.moving, service.moves_after = None, None
        if len(going) < wanted:
            self._tell_protected(service, sum(one.protected for one in views))
            self._give_up(service)
            return
        left = [one for one in views if one not in going]
        counted = rebalancing.counts(left, self._starting.zones(service, service.primary))
        if not rebalancing.missing(counted):
            self._notices.say(service, messages.balanced(service.name, counted))
            self._notices.acted(service, "SERVICE_REBALANCING_COMPLETED")

    def _give_up(self, service: Service) -> None:
        service.moving, service.moves_after = None, self._world.clock.now() + RETRY
        if self._notices.say_once(service, messages.stopped_rebalancing(service.name)):
            self._notices.acted(service, "SERVICE_REBALANCING_STOPPED")

    def _tell_no_room(self, service: Service, zone: str, refused: Refused) -> None:
        if self._notices.say_once(service, messages.no_room_in_zone(service.name, zone)):
            self._notices.not_placed(service, refused)

    def _tell_protected(self, service: Service, count: int) -> None:
        message = messages.rebalancing_protected(service.name, service.primary.id, count)
        if self._notices.say_once(service, message):
            self._notices.acted(service, "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION")


def _there(task_id: str, views: Sequence[TaskView]) -> bool:
    return any(one.id == task_id for one in views)


def _at_rest(service: Service, moving: Moving) -> bool:
    return (
        service.status == "ACTIVE"
        and service.primary.rollout is Rollout.COMPLETED
        and len(service.deployments) == 1
        and service.desired_count == moving.desired
        and rebalancing.enabled(service.settings, service.configuration)
    )


def _ails(views: Sequence[TaskView]) -> bool:
    return any(one.leaving or one.unhealthy for one in views)
