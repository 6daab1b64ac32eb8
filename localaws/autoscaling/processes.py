"""Processes of a group suspended and resumed; and the lists of names that Auto Scaling knows."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from localaws.autoscaling.asking import group as find
from localaws.autoscaling.asking import invalid
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import State
from localaws.autoscaling.selection import POLICIES

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]
PROCESSES = (
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)


def suspend(world: World, state: State, params: Params) -> Params:
    group, when = find(state, params["AutoScalingGroupName"]), world.clock.now().astimezone(UTC)
    for name in _named(params):
        group.suspended[name] = f"User suspended at {when:%Y-%m-%dT%H:%M:%SZ}"
    return {}


async def resume(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    """What should have happened meanwhile happens now."""
    group = find(state, params["AutoScalingGroupName"])
    for name in _named(params):
        group.suspended.pop(name, None)
    await keeper.look()
    world.faults.tell()
    keeper.wake(group)
    return {}


def known() -> Params:
    return {"Processes": [{"ProcessName": one} for one in PROCESSES]}


def termination_policies() -> Params:
    return {"TerminationPolicyTypes": list(POLICIES)}


def _named(params: Params) -> list[str]:
    names: list[str] = params.get("ScalingProcesses") or list(PROCESSES)
    for name in names:
        if name not in PROCESSES:
            raise invalid(f"Invalid scaling process name: {name}")
    return names
