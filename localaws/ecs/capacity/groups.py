"""The Auto Scaling groups of capacity providers, asked and told as anyone would."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.ecs.capacity.provider import FARGATE, HOOK, CapacityProvider
from localaws.ecs.model import Cluster, State
from localaws.ecs.needs import World
from localaws.wire import AwsError

Json = dict[str, Any]
TAG = "AmazonECSManaged"
METRIC, NAMESPACE = "CapacityProviderReservation", "AWS/ECS/ManagedScaling"
HEARTBEAT_SECONDS = 3600  # as DescribeLifecycleHooks shows it of ECS's hook


async def described(world: World, providers: Iterable[CapacityProvider]) -> dict[str, Json]:
    """By name, those that there are."""
    names = [one.group for one in providers]
    if not names:
        return {}
    told = await _call(world, "DescribeAutoScalingGroups", AutoScalingGroupNames=names)
    return {one["AutoScalingGroupName"]: one for one in told["AutoScalingGroups"]}


async def provider_of(world: World, state: State, cluster: Cluster, machine: str) -> str | None:
    """Of the cluster's providers, the one whose group an EC2 instance is in."""
    mine = {
        state.providers[one].group: one for one in cluster.capacity_providers if one not in FARGATE
    }
    if not mine:
        return None
    told = await _call(world, "DescribeAutoScalingInstances", InstanceIds=[machine])
    groups = [one["AutoScalingGroupName"] for one in told["AutoScalingInstances"]]
    return mine.get(groups[0]) if groups else None


async def tag(world: World, group: str) -> None:
    given = {
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
        "Key": TAG,
        "Value": "",
        "PropagateAtLaunch": True,
    }
    await _call(world, "CreateOrUpdateTags", Tags=[given])


def dimensions(provider: CapacityProvider, cluster: str) -> list[dict[str, str]]:
    """Of the metric that is theirs."""
    named = {"CapacityProviderName": provider.name, "ClusterName": cluster}
    return [{"Name": key, "Value": value} for key, value in named.items()]


async def put_policy(world: World, provider: CapacityProvider, cluster: str, name: str) -> None:
    scaling = provider.settings["managedScaling"]
    metric = {
        "MetricName": METRIC,
        "Namespace": NAMESPACE,
        "Dimensions": dimensions(provider, cluster),
        "Statistic": "Average",
    }
    await _call(
        world,
        "PutScalingPolicy",
        AutoScalingGroupName=provider.group,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        EstimatedInstanceWarmup=scaling["instanceWarmupPeriod"],
        TargetTrackingConfiguration={
            "CustomizedMetricSpecification": metric,
            "TargetValue": float(scaling["targetCapacity"]),
            "DisableScaleIn": False,
        },
    )


async def delete_policy(world: World, group: str, name: str) -> None:
    await _call(world, "DeletePolicy", AutoScalingGroupName=group, PolicyName=name)


async def put_hook(world: World, group: str) -> None:
    await _call(
        world,
        "PutLifecycleHook",
        AutoScalingGroupName=group,
        LifecycleHookName=HOOK,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=HEARTBEAT_SECONDS,
        DefaultResult="CONTINUE",
    )


async def delete_hook(world: World, group: str) -> None:
    await _call(world, "DeleteLifecycleHook", AutoScalingGroupName=group, LifecycleHookName=HOOK)


async def let_go(world: World, group: str, machine: str) -> None:
    """Its termination goes on."""
    await _of_hook(
        world, "CompleteLifecycleAction", group, machine, LifecycleActionResult="CONTINUE"
    )


async def keep_waiting(world: World, group: str, machine: str) -> None:
    await _of_hook(world, "RecordLifecycleActionHeartbeat", group, machine)


async def protect(world: World, group: str, machines: list[str], *, on: bool) -> None:
    await _call(
        world,
        "SetInstanceProtection",
        AutoScalingGroupName=group,
        InstanceIds=machines,
        ProtectedFromScaleIn=on,
    )


async def _of_hook(
    world: World, operation: str, group: str, machine: str, **params: object
) -> None:
    """Nothing, where nobody waits for ECS any more, but for the hook of another say."""
    which = {"AutoScalingGroupName": group, "LifecycleHookName": HOOK, "InstanceId": machine}
    try:
        await _call(world, operation, **which, **params)
    except AwsError as error:
        if error.code != "ValidationError":
            raise


async def _call(world: World, operation: str, **params: object) -> Json:
    return await world.aws.call("autoscaling", operation, params)
