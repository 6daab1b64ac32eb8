"""AWS::ApplicationAutoScaling::ScalableTarget and ::ScalingPolicy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.world import World

_SERVICE = "application-autoscaling"
_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_POLICY = (
    "PolicyName",
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
)


class ScalableTarget(ResourceType):
    name = "AWS::ApplicationAutoScaling::ScalableTarget"
    modelled = (
        "MaxCapacity",
        "MinCapacity",
        "RoleARN",
        "ScheduledActions",
        "SuspendedState",
        "Tags",
        *_KEY,
    )
    attributes = ("Id",)

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        tags = {tag["Key"]: tag["Value"] for tag in self.tags_of(resource)}
        params = _itself(given) | ({"Tags": tags} if tags else {})
        await world.aws.call(_SERVICE, "RegisterScalableTarget", params)
        parts = ("ResourceId", "ScalableDimension", "ServiceNamespace")
        resource.physical_id = "|".join(given[part] for part in parts)
        resource.attributes = {"Id": resource.physical_id}
        await _schedule(world, given, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        params = _itself(resource.properties)
        made = await world.aws.call(_SERVICE, "RegisterScalableTarget", params)
        arn = {"ResourceARN": made["ScalableTargetARN"]}
        changed, removed = tag_changes(before, resource.properties)
        if changed:
            tags = {tag["Key"]: tag["Value"] for tag in changed}
            await world.aws.call(_SERVICE, "TagResource", arn | {"Tags": tags})
        if removed:
            await world.aws.call(_SERVICE, "UntagResource", arn | {"TagKeys": removed})
        await _schedule(world, resource.properties, before)

    async def delete(self, world: World, resource: Resource) -> None:
        params = picked(resource.properties, _KEY)
        await world.aws.call(_SERVICE, "DeregisterScalableTarget", params)


def _itself(given: Mapping[str, Any]) -> dict[str, Any]:
    beside = ("Tags", "ScheduledActions")
    return {name: value for name, value in given.items() if name not in beside}


async def _schedule(world: World, now: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Those that are no longer there are deleted."""
    key = picked(now, _KEY)
    wanted = now.get("ScheduledActions", [])
    names = {one["ScheduledActionName"] for one in wanted}
    for one in before.get("ScheduledActions", []):
        if one["ScheduledActionName"] not in names:
            gone = key | {"ScheduledActionName": one["ScheduledActionName"]}
            await world.aws.call(_SERVICE, "DeleteScheduledAction", gone)
    for one in wanted:
        times = {it: _moment(one[it]) for it in ("StartTime", "EndTime") if it in one}
        await world.aws.call(_SERVICE, "PutScheduledAction", key | one | times)


def _moment(written: str) -> datetime:
    read = datetime.fromisoformat(written)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class ScalingPolicy(ResourceType):
    name = "AWS::ApplicationAutoScaling::ScalingPolicy"
    modelled = ("ScalingTargetId", *_KEY, *_POLICY)
    attributes = ("Arn",)

    async def create(self, world: World, resource: Resource) -> None:
        await self._put(world, resource)

    async def update(
        self,
        world: World,
        resource: Resource,
        before: Mapping[str, Any],  # noqa: ARG002 (a policy is put whole)
    ) -> None:
        await self._put(world, resource)

    async def delete(self, world: World, resource: Resource) -> None:
        params = _key(resource.properties) | picked(resource.properties, ("PolicyName",))
        await world.aws.call(_SERVICE, "DeleteScalingPolicy", params)

    async def _put(self, world: World, resource: Resource) -> None:
        params = _key(resource.properties) | picked(resource.properties, _POLICY)
        made = await world.aws.call(_SERVICE, "PutScalingPolicy", params)
        resource.physical_id = made["PolicyARN"]
        resource.attributes = {"Arn": resource.physical_id}


def _key(given: Mapping[str, Any]) -> dict[str, str]:
    """Said in three properties, or by the target's id."""
    if "ScalingTargetId" not in given:
        return picked(given, _KEY)
    resource, dimension, namespace = given["ScalingTargetId"].split("|")
    return dict(zip(_KEY, (namespace, resource, dimension), strict=True))
