"""Scheduled actions: put, described, deleted, and what they do when they are due."""

from __future__ import annotations

import math
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.scaling import activities, keys, targets, timetable
from localaws.scaling.model import Json, Key, Scheduled, State
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

MOST = 200  # of a scalable target


def put(world: World, state: State, params: Json) -> Json:
    """Makes or changes one; a start and an end that are not given again are forgotten."""
    key = targets.find(state, params).key
    present = state.scheduled.get((key, params["ScheduledActionName"]))
    schedule = params.get("Schedule") or (present.schedule if present else None)
    action = params.get("ScalableTargetAction") or (present.action if present else None)
    zone = params.get("Timezone") or (present.timezone if present else None)
    if schedule is None or not action:
        raise keys.invalid("Schedule and ScalableTargetAction must be specified for a new action")
    timetable.check(schedule, zone)
    _check(action)
    made = present or _new(world, state, key, params["ScheduledActionName"])
    made.schedule, made.action, made.timezone = schedule, dict(action), zone
    made.changed_at = world.clock.now()
    made.starts, made.ends = params.get("StartTime"), params.get("EndTime")
    state.scheduled[key, made.name] = made
    return {}


def delete(state: State, params: Json) -> Json:
    key, name = keys.read(params), params["ScheduledActionName"]
    if state.scheduled.pop((key, name), None) is None:
        sentence = f"No scheduled action found for {key}, scheduled action name: {name}"
        raise AwsError("ObjectNotFoundException", sentence)
    return {}


def delete_all(state: State, key: Key) -> None:
    for one in of(state, key):
        del state.scheduled[key, one.name]


def describe(state: State, params: Json) -> Json:
    found = keys.chosen(state.scheduled.values(), params, lambda one: one.key)
    names = params.get("ScheduledActionNames")
    shown = [_shown(one) for one in found if not names or one.name in names]
    return keys.page(shown, params, "ScheduledActions", 50)


def of(state: State, key: Key) -> list[Scheduled]:
    return [one for one in state.scheduled.values() if one.key == key]


def coming(state: State, after: datetime) -> datetime | None:
    """When the next is due."""
    times = [timetable.next_time(one, after) for one in state.scheduled.values()]
    return min((time for time in times if time), default=None)


def due(state: State, after: datetime, now: datetime) -> list[Scheduled]:
    """Since then; each counts once, however often it was."""
    found = [(timetable.next_time(one, after), one) for one in state.scheduled.values()]
    return [one for time, one in sorted(found, key=_time) if time and time <= now]


async def carry_out(world: World, state: State, action: Scheduled) -> None:
    """Nothing while it is suspended, and nothing later for that."""
    target = state.targets[action.key]
    if target.suspended["ScheduledScalingSuspended"]:
        return
    cause = f"scheduled action name {action.name} was triggered"
    minimum = action.action.get("MinCapacity", target.minimum)
    maximum = action.action.get("MaxCapacity", target.maximum)
    if maximum < minimum:
        why = "Maximum capacity cannot be less than minimum capacity"
        activities.ranged(world, state, target.key, cause, _range(action), why)
        return
    target.minimum, target.maximum = minimum, maximum
    activities.ranged(world, state, target.key, cause, _range(action))
    await targets.bring_in(world, state, target)


def _range(action: Scheduled) -> str:
    names = {"MinCapacity": "min", "MaxCapacity": "max"}
    given = [f"{names[it]} capacity to {action.action[it]}" for it in names if it in action.action]
    return " and ".join(given)


def _check(action: Json) -> None:
    minimum, maximum = action.get("MinCapacity", 0), action.get("MaxCapacity", math.inf)
    if minimum < 0 or maximum < 0:
        raise keys.invalid("Capacity must be greater than or equal to 0")
    if maximum < minimum:
        raise keys.invalid("Maximum capacity cannot be less than minimum capacity")


def _new(world: World, state: State, key: Key, name: str) -> Scheduled:
    if len(of(state, key)) >= MOST:
        sentence = f"A scalable target has at most {MOST} scheduled actions"
        raise AwsError("LimitExceededException", sentence)
    whose = f"{key.namespace}/{key.resource}"
    resource = f"scheduledAction:{uuid.uuid4()}:resource/{whose}:scheduledActionName/{name}"
    arn = world.arn("autoscaling", resource)
    now = world.clock.now()
    return Scheduled(name, key, arn, "", {}, created_at=now, changed_at=now)


def _shown(one: Scheduled) -> Json:
    shown = {
        **one.key.shown,
        "ScheduledActionName": one.name,
        "ScheduledActionARN": one.arn,
        "Schedule": one.schedule,
        "Timezone": one.timezone,
        "StartTime": one.starts,
        "EndTime": one.ends,
        "ScalableTargetAction": one.action,
        "CreationTime": one.created_at,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _time(found: tuple[datetime | None, Scheduled]) -> tuple[bool, Any]:
    return found[0] is None, found[0]
