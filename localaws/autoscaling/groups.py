"""Groups: made, changed, deleted, described."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.autoscaling import alarms, causes, ec2, hooks, tags
from localaws.autoscaling.asking import group as find
from localaws.autoscaling.asking import invalid, page, refuse_unmodelled, standing
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import Group, State
from localaws.autoscaling.selection import POLICIES
from localaws.autoscaling.shape import shown
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]
_CHANGEABLE = (
    "AutoScalingGroupName",
    "LaunchTemplate",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "DefaultCooldown",
    "AvailabilityZones",
    "HealthCheckType",
    "HealthCheckGracePeriod",
    "VPCZoneIdentifier",
    "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn",
    "ServiceLinkedRoleARN",
    "DefaultInstanceWarmup",
)
_MADE_WITH = (*_CHANGEABLE, "LifecycleHookSpecificationList", "Tags")
_NO_TEMPLATE = (
    "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
    "MixedInstancesPolicy parameter."
)
_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


async def create(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    refuse_unmodelled("CreateAutoScalingGroup", params, _MADE_WITH)
    name = params["AutoScalingGroupName"]
    _check_new(state, params)
    minimum: int = params["MinSize"]
    maximum: int = params["MaxSize"]
    desired: int = params.get("DesiredCapacity", minimum)
    _check_sizes(minimum, maximum, desired)
    subnets, zones = await _where(world, params)
    template = await ec2.check_template(world, params["LaunchTemplate"])
    if name in state.groups:  # made while EC2 was asked
        raise _exists(name)
    group = Group(
        name=name,
        arn=world.arn(
            "autoscaling", f"autoScalingGroup:{uuid.uuid4()}:autoScalingGroupName/{name}"
        ),
        minimum=minimum,
        maximum=maximum,
        desired=desired,
        template=template,
        subnets=subnets,
        zones=zones,
        created_at=world.clock.now(),
        role=f"arn:aws:iam::{world.account}:{_ROLE}",
        tags=tags.read(params.get("Tags", ()), name),
        hooks={
            one.name: one
            for one in map(hooks.new, params.get("LifecycleHookSpecificationList", ()))
        },
    )
    _set(group, params)
    group.why = causes.created(world.clock.now(), desired)
    state.groups[name] = group
    keeper.wake(group)
    return {}


async def update(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    """The desired capacity follows into new bounds."""
    refuse_unmodelled("UpdateAutoScalingGroup", params, _CHANGEABLE)
    group = standing(state, params["AutoScalingGroupName"])
    _check_settings(params)
    minimum = params.get("MinSize", group.minimum)
    maximum = params.get("MaxSize", group.maximum)
    desired = params.get("DesiredCapacity", max(minimum, min(group.desired, maximum)))
    _check_sizes(minimum, maximum, desired)
    if "VPCZoneIdentifier" in params or "AvailabilityZones" in params:
        group.subnets, group.zones = await _where(world, params)
    if "LaunchTemplate" in params:
        group.template = await ec2.check_template(world, params["LaunchTemplate"])
    before = group.desired
    group.minimum, group.maximum, group.desired = minimum, maximum, desired
    if desired != before:
        group.why = causes.constrained(
            world.clock.now(), minimum, maximum, desired, before=before, after=desired
        )
    _set(group, params)
    keeper.wake(group)
    return {}


async def delete(world: World, state: State, keeper: Keeper, params: Params) -> Params:
    group = find(state, params["AutoScalingGroupName"])
    if group.members and not params.get("ForceDelete"):
        raise AwsError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
            "instance request(s) still in the group.",
        )
    group.deleting = True
    group.minimum = group.desired = 0
    group.suspended.clear()
    now = world.clock.now()
    for member in group.members.values():
        member.protected = False
        for action in member.actions:
            action.result, action.ends_at = "CONTINUE", now
    if not group.members:
        del state.groups[group.name]
    keeper.wake(group)
    await alarms.delete(world, group.policies.values())
    return {}


def describe(state: State, params: Params) -> Params:
    refuse_unmodelled(
        "DescribeAutoScalingGroups",
        params,
        ("AutoScalingGroupNames", "Filters", "IncludeInstances", "MaxRecords", "NextToken"),
    )
    names = params.get("AutoScalingGroupNames")
    found = [
        shown(one, with_members=params.get("IncludeInstances", True))
        for one in state.groups.values()
        if (not names or one.name in names) and tags.match(one, params.get("Filters", ()))
    ]
    return page(found, params, "AutoScalingGroups", 100, 50)


def _check_new(state: State, params: Params) -> None:
    name = params["AutoScalingGroupName"]
    if ":" in name:
        raise invalid(f"AutoScalingGroup name cannot contain ':' - {name}")
    if name in state.groups:
        raise _exists(name)
    if "LaunchTemplate" not in params:
        raise invalid(_NO_TEMPLATE)
    if not params.get("VPCZoneIdentifier") and not params.get("AvailabilityZones"):
        raise invalid("At least one Availability Zone or VPC Subnet is required.")
    _check_settings(params)


def _exists(name: str) -> AwsError:
    return AwsError(
        "AlreadyExists",
        f"AutoScalingGroup by this name already exists - A group with the name {name} already "
        "exists",
    )


def _check_settings(params: Params) -> None:
    if params.get("HealthCheckType", "EC2") != "EC2":
        kind = {f"HealthCheckType {params['HealthCheckType']}": None}
        refuse_unmodelled("CreateAutoScalingGroup", kind, ())
    for policy in params.get("TerminationPolicies", ()):
        if policy.startswith("arn:"):
            refuse_unmodelled("CreateAutoScalingGroup", {f"Termination policy {policy}": None}, ())
        if policy not in POLICIES:
            raise invalid(f"Invalid termination policy: {policy}")


def _check_sizes(minimum: int, maximum: int, desired: int) -> None:
    if maximum < minimum:
        raise invalid(
            f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}"
        )
    if not minimum <= desired <= maximum:
        raise invalid(
            f"Desired capacity:{desired} must be between the specified min size:{minimum} and max "
            f"size:{maximum}"
        )


async def _where(world: World, params: Params) -> tuple[dict[str, str], list[str]]:
    """Subnets with their zones, and the zones."""
    wanted = [one.strip() for one in params.get("VPCZoneIdentifier", "").split(",") if one.strip()]
    subnets = await ec2.zones_by_subnet(world, wanted)
    of_subnets = list(dict.fromkeys(subnets.values()))
    asked = params.get("AvailabilityZones", [])
    if subnets and asked and set(asked) != set(of_subnets):
        raise invalid(
            "The availability zones of the specified subnets and the Auto Scaling group do not "
            "match"
        )
    if not subnets:
        await ec2.check_zones(world, asked)
    return subnets, of_subnets or asked


def _set(group: Group, params: Params) -> None:
    """What is only kept, as it was given."""
    for name, kept in (
        ("DefaultCooldown", "cooldown"),
        ("HealthCheckGracePeriod", "grace_seconds"),
        ("DefaultInstanceWarmup", "warmup"),
        ("TerminationPolicies", "termination_policies"),
        ("NewInstancesProtectedFromScaleIn", "protects_new"),
        ("ServiceLinkedRoleARN", "role"),
    ):
        if name in params:
            setattr(group, kept, params[name])
