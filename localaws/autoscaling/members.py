"""What a request does with single instances: protected, judged, ended, let in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.autoscaling import activities, causes, ec2, lifecycle, shape
from localaws.autoscaling.asking import group as find
from localaws.autoscaling.asking import invalid, member, members, page, refuse_unmodelled, standing
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import Activity, Group, Json, Life, Member, State

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]
MOST_AT_ONCE = 20  # attached or detached; 50 are described


def describe(state: State, params: Params) -> Params:
    refuse_unmodelled(
        "DescribeAutoScalingInstances", params, ("InstanceIds", "MaxRecords", "NextToken")
    )
    wanted = params.get("InstanceIds")
    shown = [
        shape.member(one) | {"AutoScalingGroupName": group.name, "HealthStatus": _health(one)}
        for group in state.groups.values()
        for one in group.members.values()
        if not wanted or one.id in wanted
    ]
    return page(shown, params, "AutoScalingInstances", 50)


def terminate(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    refuse_unmodelled(
        "TerminateInstanceInAutoScalingGroup",
        params,
        ("InstanceId", "ShouldDecrementDesiredCapacity"),
    )
    group, one = member(state, params["InstanceId"])
    change, less = "", params["ShouldDecrementDesiredCapacity"]
    if lifecycle.is_leaving(one):
        raise invalid(f"The instance {one.id} is already being terminated.")
    if less:
        if group.desired <= group.minimum:
            raise invalid(
                f"Currently, desiredSize equals minSize ({group.minimum}). Terminating instance "
                "without replacement will violate group's min size constraint. Either set "
                "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
        change = causes.shrinking(group.desired)
        group.desired -= 1
    cause = causes.on_request(world.clock.now(), one.id, "taken out of service", change)
    activity = activities.find(state, keeper.retire(group, one, cause))
    return {"Activity": activities.shown(state, activity)} if activity else {}


def protect(state: State, params: Params) -> Params:
    group = find(state, params["AutoScalingGroupName"])
    chosen = members(group, params["InstanceIds"])
    for one in chosen:
        if one.life not in (Life.IN_SERVICE, Life.STANDBY):
            raise invalid(
                f"The instance {one.id} is not in InService or EnteringStandby or Standby."
            )
    for one in chosen:
        one.protected = params["ProtectedFromScaleIn"]
    return {}


def judge(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    """What its user holds of its health; sickness is not believed in the grace period."""
    group, one = member(state, params["InstanceId"])
    if params["HealthStatus"] not in ("Healthy", "Unhealthy"):
        raise invalid(
            "Valid instance health states are: [Healthy, Unhealthy]. Invalid health state: "
            f"{params['HealthStatus']}"
        )
    if params["HealthStatus"] == "Healthy":
        one.unhealthy = ""
    elif not params.get("ShouldRespectGracePeriod", True) or (
        world.clock.now() >= group.grace_ends(one)
    ):
        one.unhealthy = causes.TOLD_UNHEALTHY
        keeper.wake(group)
    return {}


async def attach(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    group = standing(state, params["AutoScalingGroupName"])
    instances = _some(params)
    for instance in instances:
        for other in state.groups.values():
            if instance in other.members:
                raise invalid(
                    f"The instance {instance} is already part of AutoScalingGroup:{other.name}"
                )
    if group.desired + len(instances) > group.maximum:
        raise _sizes(group, "attach", len(instances))
    attached = [await ec2.attachable(world, instance) for instance in instances]
    for one in attached:
        if one.zone not in group.zones:
            raise invalid(
                f"Instance {one.id} is in availability zone {one.zone} which is not part of "
                f"AutoScalingGroup {group.name}."
            )
    for one in attached:
        group.desired += 1
        _attach(world, state, group, one)
    keeper.wake(group)
    return {}


def detach(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    """They live on outside of the group."""
    group = standing(state, params["AutoScalingGroupName"])
    chosen, less = members(group, _some(params)), params["ShouldDecrementDesiredCapacity"]
    for one in chosen:
        if one.life not in (Life.IN_SERVICE, Life.STANDBY):
            raise invalid(f"The instance {one.id} is not in InService or Standby.")
    change = _shrink(group, chosen, "detach") if less else ""
    made = []
    for one in chosen:
        del group.members[one.id]
        group.detached.add(one.id)
        cause = causes.on_request(world.clock.now(), one.id, "detached", change)
        what = f"Detaching EC2 instance: {one.id}"
        made.append(_done(world, state, group, one, what, cause))
    keeper.wake(group)
    return {"Activities": [activities.shown(state, one) for one in made]}


def enter_standby(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    group = standing(state, params["AutoScalingGroupName"])
    chosen, less = members(group, _some(params)), params["ShouldDecrementDesiredCapacity"]
    for one in chosen:
        if one.life is not Life.IN_SERVICE:
            raise invalid(f"The instance {one.id} is not in InService.")
    change = _shrink(group, chosen, "enter standby") if less else ""
    made = []
    for one in chosen:
        one.life = Life.STANDBY
        cause = causes.on_request(world.clock.now(), one.id, "moved to standby", change)
        what = f"Moving EC2 instance to Standby: {one.id}"
        made.append(_done(world, state, group, one, what, cause))
    keeper.wake(group)
    return {"Activities": [activities.shown(state, one) for one in made]}


def exit_standby(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    group = standing(state, params["AutoScalingGroupName"])
    chosen = members(group, _some(params))
    for one in chosen:
        if one.life is not Life.STANDBY:
            raise invalid(f"The instance {one.id} is not in Standby.")
    if group.desired + len(chosen) > group.maximum:
        raise _sizes(group, "exit standby", len(chosen))
    change = causes.growing(group.desired, len(chosen))
    made = []
    for one in chosen:
        group.desired += 1
        one.life = Life.PENDING
        cause = causes.on_request(world.clock.now(), one.id, "moved out of standby", change)
        what = f"Moving EC2 instance out of Standby: {one.id}"
        made.append(_done(world, state, group, one, what, cause))
    keeper.wake(group)
    return {"Activities": [activities.shown(state, one) for one in made]}


def _some(params: Params) -> list[str]:
    instances: list[str] = params.get("InstanceIds") or []
    if not 1 <= len(instances) <= MOST_AT_ONCE:
        raise invalid(f"Between 1 and {MOST_AT_ONCE} instance ids are required.")
    return instances


def _attach(world: World, state: State, group: Group, one: Member) -> None:
    now = world.clock.now()
    one.life, one.in_service_since = Life.IN_SERVICE, now
    one.protected = group.protects_new
    group.members[one.id] = one
    group.detached.discard(one.id)
    cause = causes.attached(now, group.desired)
    what = f"Attaching an existing EC2 instance: {one.id}"
    _done(world, state, group, one, what, cause)


def _done(world: World, state: State, group: Group, one: Member, what: str, cause: str) -> Activity:
    about: Json = dict(lifecycle.details(group, one.zone))
    made = activities.begin(world, state, group, what, cause, about)
    activities.end(world, made)
    return made


def _shrink(group: Group, chosen: list[Member], what: str) -> str:
    """Only those in service count."""
    fewer = sum(one.life is Life.IN_SERVICE for one in chosen)
    if group.desired - fewer < group.minimum:
        raise _sizes(group, what, fewer)
    change = causes.shrinking(group.desired, fewer) if fewer else ""
    group.desired -= fewer
    return change


def _sizes(group: Group, what: str, count: int) -> Exception:
    return invalid(
        f"AutoScalingGroup {group.name} has min-size={group.minimum}, max-size={group.maximum}, "
        f"and desired-size={group.desired}. To {what} {count} instance{'s' if count > 1 else ''}, "
        "please update the AutoScalingGroup sizes appropriately."
    )


def _health(one: Member) -> str:
    return "UNHEALTHY" if one.unhealthy else "HEALTHY"
