"""AWS::AutoScaling::AutoScalingGroup, ::LifecycleHook and ::ScalingPolicy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.world import World

LOOK_SECONDS = 0.5  # between two looks at a group that is to become stable

_SETTINGS = (
    "AvailabilityZones",
    "DefaultInstanceWarmup",
    "HealthCheckGracePeriod",
    "HealthCheckType",
    "LaunchTemplate",
    "NewInstancesProtectedFromScaleIn",
    "ServiceLinkedRoleARN",
    "TerminationPolicies",
)
_NUMBERS = {
    "Cooldown": "DefaultCooldown",
    "DesiredCapacity": "DesiredCapacity",
    "MaxSize": "MaxSize",
    "MinSize": "MinSize",
}
_HOOKS = "LifecycleHookSpecificationList"


class AutoScalingGroup(ResourceType):
    name = "AWS::AutoScaling::AutoScalingGroup"
    modelled = (
        "AutoScalingGroupName",
        _HOOKS,
        "Tags",
        "VPCZoneIdentifier",
        *_SETTINGS,
        *_NUMBERS,
    )
    attributes = ("AutoScalingGroupARN",)
    named_by = "AutoScalingGroupName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get(self.named_by) or resource.generated_name(255)
        params = _asked(name, given) | picked(given, (_HOOKS,)) | {"Tags": _given(resource)}
        await world.aws.call("autoscaling", "CreateAutoScalingGroup", params)
        resource.physical_id = name
        found = await _described(world, resource)
        resource.attributes = {"AutoScalingGroupARN": found["AutoScalingGroupARN"]}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now, name = resource.properties, resource.physical_id
        asked = _asked(name, now)
        if asked != _asked(name, before):
            await world.aws.call("autoscaling", "UpdateAutoScalingGroup", asked)
        await _rehook(world, name, before.get(_HOOKS, []), now.get(_HOOKS, []))
        await _retag(world, name, _tags(before), _tags(now))

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"AutoScalingGroupName": resource.physical_id, "ForceDelete": True}
        await world.aws.call("autoscaling", "DeleteAutoScalingGroup", params)

    async def stabilise(self, world: World, resource: Resource) -> None:
        """As many instances in service as it wants."""
        while not _full(await _described(world, resource)):
            await world.clock.sleep(LOOK_SECONDS)

    async def gone(self, world: World, resource: Resource) -> None:
        while await _described(world, resource):
            await world.clock.sleep(LOOK_SECONDS)

    def tagged(self, properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """The stack's tags are its instances' too."""
        own = properties.get("Tags", [])
        more = {key: value for key, value in tags.items() if key not in {t["Key"] for t in own}}
        given = [
            {"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in more.items()
        ]
        return properties | {"Tags": given + own}


def _asked(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    params = {"AutoScalingGroupName": name} | picked(given, _SETTINGS)
    params |= {theirs: int(given[ours]) for ours, theirs in _NUMBERS.items() if ours in given}
    if "VPCZoneIdentifier" in given:
        params["VPCZoneIdentifier"] = ",".join(given["VPCZoneIdentifier"])
    return params


def _given(resource: Resource) -> list[dict[str, Any]]:
    """With CloudFormation's own, which its instances have too."""
    system = [
        {"Key": key, "Value": value, "PropagateAtLaunch": True}
        for key, value in resource.system_tags.items()
    ]
    return _tags(resource.properties) + system


def _tags(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"PropagateAtLaunch": False} | tag for tag in given.get("Tags", [])]


async def _rehook(
    world: World, group: str, before: list[dict[str, Any]], now: list[dict[str, Any]]
) -> None:
    names = {one["LifecycleHookName"] for one in now}
    for one in before:
        if one["LifecycleHookName"] not in names:
            params = {"AutoScalingGroupName": group, "LifecycleHookName": one["LifecycleHookName"]}
            await world.aws.call("autoscaling", "DeleteLifecycleHook", params)
    for one in [one for one in now if one not in before]:
        params = {"AutoScalingGroupName": group} | one
        await world.aws.call("autoscaling", "PutLifecycleHook", params)


async def _retag(
    world: World, group: str, before: list[dict[str, Any]], now: list[dict[str, Any]]
) -> None:
    whose = {"ResourceId": group, "ResourceType": "auto-scaling-group"}
    kept = {tag["Key"] for tag in now}
    if gone := [whose | {"Key": tag["Key"]} for tag in before if tag["Key"] not in kept]:
        await world.aws.call("autoscaling", "DeleteTags", {"Tags": gone})
    if changed := [whose | tag for tag in now if tag not in before]:
        await world.aws.call("autoscaling", "CreateOrUpdateTags", {"Tags": changed})


async def _described(world: World, resource: Resource) -> dict[str, Any]:
    params = {"AutoScalingGroupNames": [resource.physical_id]}
    found = await world.aws.call("autoscaling", "DescribeAutoScalingGroups", params)
    groups = found["AutoScalingGroups"]
    return dict(groups[0]) if groups else {}


def _full(group: Mapping[str, Any]) -> bool:
    serving = [one for one in group["Instances"] if one["LifecycleState"] == "InService"]
    return len(serving) == int(group["DesiredCapacity"])


class LifecycleHook(ResourceType):
    name = "AWS::AutoScaling::LifecycleHook"
    modelled = (
        "AutoScalingGroupName",
        "DefaultResult",
        "HeartbeatTimeout",
        "LifecycleHookName",
        "LifecycleTransition",
        "NotificationMetadata",
    )
    named_by = "LifecycleHookName"

    async def create(self, world: World, resource: Resource) -> None:
        name = resource.properties.get(self.named_by) or resource.generated_name(255)
        await self._put(world, resource, name)
        resource.physical_id = name

    async def update(
        self,
        world: World,
        resource: Resource,
        before: Mapping[str, Any],  # noqa: ARG002 (a hook is put whole)
    ) -> None:
        await self._put(world, resource, resource.physical_id)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"LifecycleHookName": resource.physical_id}
        params |= picked(resource.properties, ("AutoScalingGroupName",))
        await world.aws.call("autoscaling", "DeleteLifecycleHook", params)

    async def _put(self, world: World, resource: Resource, name: str) -> None:
        params = resource.properties | {"LifecycleHookName": name}
        await world.aws.call("autoscaling", "PutLifecycleHook", params)


class ScalingPolicy(ResourceType):
    name = "AWS::AutoScaling::ScalingPolicy"
    modelled = (
        "AdjustmentType",
        "AutoScalingGroupName",
        "Cooldown",
        "EstimatedInstanceWarmup",
        "MetricAggregationType",
        "MinAdjustmentMagnitude",
        "PolicyType",
        "ScalingAdjustment",
        "StepAdjustments",
    )
    attributes = ("Arn", "PolicyName")

    async def create(self, world: World, resource: Resource) -> None:
        await self._put(world, resource, resource.generated_name(255))

    async def update(
        self,
        world: World,
        resource: Resource,
        before: Mapping[str, Any],  # noqa: ARG002 (a policy is put whole)
    ) -> None:
        await self._put(world, resource, resource.attributes["PolicyName"])

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("autoscaling", "DeletePolicy", {"PolicyName": resource.physical_id})

    async def _put(self, world: World, resource: Resource, name: str) -> None:
        params = resource.properties | {"PolicyName": name}
        if "Cooldown" in params:
            params["Cooldown"] = int(params["Cooldown"])
        made = await world.aws.call("autoscaling", "PutScalingPolicy", params)
        resource.physical_id = made["PolicyARN"]
        resource.attributes = {"Arn": made["PolicyARN"], "PolicyName": name}
