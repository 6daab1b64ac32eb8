"""Scaling activities: begun, ended, shown."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localaws.autoscaling.asking import invalid, page
from localaws.autoscaling.model import Activity, Group, Json, State

if TYPE_CHECKING:
    from localaws.world import World

KEPT = timedelta(weeks=6)


def begin(
    world: World, state: State, group: Group, description: str, cause: str, details: Json
) -> Activity:
    now = world.clock.now()
    activity = Activity(str(uuid.uuid4()), group.name, description, cause, details, now)
    state.activities.insert(0, activity)
    while now - state.activities[-1].started_at > KEPT:
        state.activities.pop()
    return activity


def find(state: State, activity_id: str) -> Activity | None:
    return next((one for one in state.activities if one.id == activity_id), None)


def end(world: World, activity: Activity | None, status: str = "Successful") -> None:
    if activity and activity.ended_at is None:
        activity.status, activity.progress = status, 100
        activity.ended_at = world.clock.now()


def fail(world: World, activity: Activity, why: str) -> None:
    """Of a launch; `why` is EC2's own sentence."""
    activity.message = f"{why} Launching EC2 instance failed."
    activity.description += f".  Status Reason: {activity.message}"
    end(world, activity, "Failed")


def describe(state: State, params: dict[str, Any]) -> dict[str, Any]:
    name, wanted = params.get("AutoScalingGroupName"), params.get("ActivityIds")
    deleted = params.get("IncludeDeletedGroups", False)
    if name and name not in state.groups and not deleted:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    found = [
        one
        for one in state.activities
        if (name is None or one.group == name)
        and (not wanted or one.id in wanted)
        and (deleted or one.group in state.groups)
    ]
    return page([shown(state, one) for one in found], params, "Activities", 100)


def shown(state: State, one: Activity) -> Json:
    group = state.groups.get(one.group)
    made: Json = {
        "ActivityId": one.id,
        "AutoScalingGroupName": one.group,
        "Description": one.description,
        "Cause": one.cause,
        "StartTime": one.started_at,
        "EndTime": one.ended_at,
        "StatusCode": one.status,
        "StatusMessage": one.message,
        "Progress": one.progress,
        "Details": json.dumps(one.details, separators=(",", ":")),
        "AutoScalingGroupARN": group.arn if group else None,
        "AutoScalingGroupState": None if group else "Deleted",
    }
    return {name: value for name, value in made.items() if value is not None}
