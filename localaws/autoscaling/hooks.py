"""Lifecycle hooks, and the actions of instances that wait for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localaws.autoscaling.asking import group as find
from localaws.autoscaling.asking import invalid, refuse_unmodelled, standing
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.lifecycle import LAUNCHING, TERMINATING
from localaws.autoscaling.model import Action, Hook, Json, State
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]
MOST = 50
_RESULTS = ("CONTINUE", "ABANDON")
_MODELLED = (
    "AutoScalingGroupName",
    "LifecycleHookName",
    "LifecycleTransition",
    "HeartbeatTimeout",
    "DefaultResult",
    "NotificationMetadata",
)


def new(given: Params, former: Hook | None = None) -> Hook:
    """What is not given stays, or is AWS's default."""
    refuse_unmodelled("PutLifecycleHook", given, _MODELLED)
    transition = given.get("LifecycleTransition", former.transition if former else None)
    if transition not in (LAUNCHING, TERMINATING):
        raise invalid(
            "Lifecycle Transition must be one of autoscaling:EC2_INSTANCE_LAUNCHING, "
            f"autoscaling:EC2_INSTANCE_TERMINATING: {transition}"
        )
    seconds = given.get("HeartbeatTimeout", former.heartbeat_seconds if former else 3600)
    result = given.get("DefaultResult", former.default_result if former else "ABANDON")
    if result not in _RESULTS:
        raise invalid(f"DefaultResult must be one of CONTINUE, ABANDON: {result}")
    if not 30 <= seconds <= 7200:
        raise invalid("HeartbeatTimeout must be between 30 and 7200 seconds")
    metadata = given.get("NotificationMetadata", former.metadata if former else None)
    return Hook(given["LifecycleHookName"], transition, seconds, result, metadata)


def put(state: State, params: Params) -> Params:
    group = standing(state, params["AutoScalingGroupName"])
    name = params["LifecycleHookName"]
    if name not in group.hooks and len(group.hooks) >= MOST:
        raise AwsError("LimitExceeded", f"A group has at most {MOST} lifecycle hooks")
    group.hooks[name] = new(params, group.hooks.get(name))
    return {}


def describe(state: State, params: Params) -> Params:
    group, names = find(state, params["AutoScalingGroupName"]), params.get("LifecycleHookNames")
    return {
        "LifecycleHooks": [
            _shown(group.name, hook)
            for hook in group.hooks.values()
            if not names or hook.name in names
        ]
    }


def delete(state: State, keeper: Keeper, params: Params) -> Params:
    """Instances that wait for it go on: launching ones are abandoned, terminating ones not."""
    group, name = find(state, params["AutoScalingGroupName"]), params["LifecycleHookName"]
    hook = group.hooks.pop(name, None)
    if hook is None:
        raise invalid(f"No Lifecycle Hook found with name: {name}")
    result = "ABANDON" if hook.transition == LAUNCHING else "CONTINUE"
    for member in group.members.values():
        for action in member.actions:
            if action.hook == name and action.result is None:
                action.result = result
    keeper.wake(group)
    return {}


def complete(state: State, keeper: Keeper, params: Params) -> Params:
    if params["LifecycleActionResult"] not in _RESULTS:
        raise invalid(
            "Lifecycle Action Result must be one of CONTINUE, ABANDON: "
            f"{params['LifecycleActionResult']}"
        )
    _action(state, params).result = params["LifecycleActionResult"]
    keeper.wake(find(state, params["AutoScalingGroupName"]))
    return {}


def heartbeat(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    """Its whole time again, up to the global timeout."""
    action, group = _action(state, params), find(state, params["AutoScalingGroupName"])
    hook = group.hooks[params["LifecycleHookName"]]
    again = world.clock.now() + timedelta(seconds=hook.heartbeat_seconds)
    action.ends_at = min(again, action.last_at)
    keeper.wake(group)
    return {}


def types() -> Params:
    return {"LifecycleHookTypes": [LAUNCHING, TERMINATING]}


def _action(state: State, params: Params) -> Action:
    """The one that waits, by its token or its instance."""
    group, hook = find(state, params["AutoScalingGroupName"]), params["LifecycleHookName"]
    token, instance = params.get("LifecycleActionToken"), params.get("InstanceId")
    if hook not in group.hooks:
        raise invalid(f"No Lifecycle Hook found with name: {hook}")
    for member in group.members.values():
        for action in member.actions:
            asked = action.token == token if token else member.id == instance
            if action.hook == hook and asked and action.result is None:
                return action
    sought = f"token {token}" if token else f"instance ID {instance}"
    raise invalid(f"No active Lifecycle Action found with {sought}")


def _shown(group: str, hook: Hook) -> Json:
    made: Json = {
        "LifecycleHookName": hook.name,
        "AutoScalingGroupName": group,
        "LifecycleTransition": hook.transition,
        "HeartbeatTimeout": hook.heartbeat_seconds,
        "GlobalTimeout": hook.global_seconds,
        "DefaultResult": hook.default_result,
    }
    return made | ({"NotificationMetadata": hook.metadata} if hook.metadata else {})
