"""Scaling activities: what was set, why, and how far the service has followed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localaws.scaling import capacity, keys
from localaws.scaling.model import Activity, Key, State
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

KEPT = timedelta(weeks=6)
_HELD = "Attempting to scale due to alarm triggered"
UNSETTLED = ("Pending", "InProgress")


async def scale(world: World, state: State, key: Key, desired: int, cause: str) -> Activity:
    """Sets the count; what AWS did before and is not fulfilled yet is overridden."""
    now = world.clock.now()
    for one in unsettled(state, key):
        one.status, one.ended_at = "Overridden", now
    activity = Activity(str(uuid.uuid4()), key, desired, cause, now)
    _keep(state, activity)
    try:
        await capacity.write(world, key, desired)
    except AwsError as refusal:
        activity.status, activity.ended_at = "Failed", world.clock.now()
        activity.message = f"Failed to set desired count to {desired}. Reason: {refusal.message}"
        return activity
    activity.status = "InProgress"
    activity.message = _done(desired, "Waiting for change to be fulfilled by ecs.")
    return activity


def not_scaled(world: World, state: State, key: Key, cause: str, reason: dict[str, Any]) -> None:
    """Said once for as long as the same reason stands."""
    last = next((one for one in state.activities if one.key == key), None)
    if last and last.cause == cause and last.not_scaled == [reason]:
        return
    made = str(uuid.uuid4())
    _keep(state, Activity(made, key, 0, cause, world.clock.now(), "Failed", not_scaled=[reason]))


def ranged(world: World, state: State, key: Key, cause: str, what: str, refused: str = "") -> None:
    """A scheduled action set a target's range: `what`, in words; or could not, and why."""
    made, now = str(uuid.uuid4()), world.clock.now()
    status = "Failed" if refused else "Successful"
    said = f"Failed to set {what}. Reason: {refused}" if refused else f"Successfully set {what}"
    _keep(state, Activity(made, key, None, cause, now, status, said, sets=what))


async def settle(world: World, state: State) -> None:
    """Looks which of the changes are fulfilled: as many tasks run as were asked for."""
    for activity in [one for one in state.activities if one.status in UNSETTLED]:
        seen = await capacity.read(world, activity.key)
        if activity.status not in UNSETTLED:  # overridden meanwhile
            continue
        if seen is None:
            activity.status, activity.message = "Unfulfilled", "The service is not active."
        elif seen.running == seen.desired == activity.capacity:
            activity.status = "Successful"
            activity.message = _done(seen.desired, "Change successfully fulfilled by ecs.")
        elif seen.desired != activity.capacity:
            activity.status = "Overridden"
        else:
            continue
        activity.ended_at = world.clock.now()


def unsettled(state: State, key: Key | None = None) -> list[Activity]:
    return [
        one
        for one in state.activities
        if one.status in UNSETTLED and (key is None or one.key == key)
    ]


def describe(state: State, params: dict[str, Any]) -> dict[str, Any]:
    found = keys.chosen(state.activities, params, lambda one: one.key)
    with_all = params.get("IncludeNotScaledActivities", False)
    shown = [_shown(one) for one in found if with_all or not one.not_scaled]
    return keys.page(shown, params, "ScalingActivities", 50)


def _keep(state: State, activity: Activity) -> None:
    state.activities.insert(0, activity)
    while activity.started_at - state.activities[-1].started_at > KEPT:
        state.activities.pop()


def _done(desired: int, how: str) -> str:
    return f"Successfully set desired count to {desired}. {how}"


def _shown(one: Activity) -> dict[str, Any]:
    setting = f"Setting {one.sets}" if one.sets else f"Setting desired count to {one.capacity}."
    shown = {
        **one.key.shown,
        "ActivityId": one.id,
        "Description": _HELD if one.not_scaled else setting,
        "Cause": one.cause,
        "StartTime": one.started_at,
        "StatusCode": one.status,
        "StatusMessage": one.message or None,
        "EndTime": one.ended_at,
        "NotScaledReasons": one.not_scaled or None,
    }
    return {name: value for name, value in shown.items() if value is not None}
