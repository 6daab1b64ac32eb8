"""AWS::ECS::Cluster, ::CapacityProvider and ::ClusterCapacityProviderAssociations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import ecs_tags
from localaws.cloudformation.types.spelling import spelled
from localaws.wire import AwsError
from localaws.world import World

LOOK_SECONDS = 0.1  # between two looks at what is being attached or deleted
_PROVIDERS = ("CapacityProviders", "DefaultCapacityProviderStrategy")


class Cluster(ResourceType):
    name = "AWS::ECS::Cluster"
    modelled = ("ClusterName", "ClusterSettings", "Tags", *_PROVIDERS)
    attributes = ("Arn",)
    named_by = "ClusterName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = spelled("ecs", "CreateCluster", picked(given, _PROVIDERS))
        params["clusterName"] = given.get("ClusterName") or resource.generated_name(255)
        params["tags"] = ecs_tags.spelled(self.tags_of(resource))
        if "ClusterSettings" in given:
            params["settings"] = _settings(given)
        made = (await world.aws.call("ecs", "CreateCluster", params))["cluster"]
        resource.physical_id = made["clusterName"]
        resource.attributes = {"Arn": made["clusterArn"]}

    async def stabilise(self, world: World, resource: Resource) -> None:
        """Its capacity providers are attached."""
        await _attached(world, resource.physical_id)

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now, cluster = resource.properties, {"cluster": resource.physical_id}
        if before.get("ClusterSettings") != now.get("ClusterSettings"):
            params = cluster | {"settings": _settings(now)}
            await world.aws.call("ecs", "UpdateClusterSettings", params)
        if picked(before, _PROVIDERS) != picked(now, _PROVIDERS):
            await _provide(world, resource.physical_id, now)
        await ecs_tags.change(world, resource, resource.attributes["Arn"], before)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ecs", "DeleteCluster", {"cluster": resource.physical_id})


def _settings(given: Mapping[str, Any]) -> list[dict[str, str]]:
    default = [{"Name": "containerInsights", "Value": "disabled"}]
    settings = given.get("ClusterSettings", default)
    return [{"name": one["Name"], "value": one["Value"]} for one in settings]


class CapacityProvider(ResourceType):
    name = "AWS::ECS::CapacityProvider"
    modelled = ("AutoScalingGroupProvider", "Name", "Tags")
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = spelled("ecs", "CreateCapacityProvider", picked(given, _GROUP))
        params["name"] = given.get("Name") or resource.generated_name(255)
        params["tags"] = ecs_tags.spelled(self.tags_of(resource))
        await world.aws.call("ecs", "CreateCapacityProvider", params)
        resource.physical_id = params["name"]

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        if picked(before, _GROUP) != picked(now, _GROUP):
            group = dict(now.get("AutoScalingGroupProvider", {}))
            group.pop("AutoScalingGroupArn", None)
            given = {"Name": resource.physical_id, "AutoScalingGroupProvider": group}
            params = spelled("ecs", "UpdateCapacityProvider", given)
            await world.aws.call("ecs", "UpdateCapacityProvider", params)
        arn = world.arn("ecs", f"capacity-provider/{resource.physical_id}")
        await ecs_tags.change(world, resource, arn, before)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"capacityProvider": resource.physical_id}
        made = await world.aws.call("ecs", "DeleteCapacityProvider", params)
        _check_progress(made["capacityProvider"])

    async def stabilise(self, world: World, resource: Resource) -> None:
        while (await _provider(world, resource)).get("updateStatus") == "UPDATE_IN_PROGRESS":
            await world.clock.sleep(LOOK_SECONDS)

    async def gone(self, world: World, resource: Resource) -> None:
        while (found := await _provider(world, resource)).get("status") == "ACTIVE":
            _check_progress(found)
            await world.clock.sleep(LOOK_SECONDS)


_GROUP = ("AutoScalingGroupProvider",)


async def _provider(world: World, resource: Resource) -> dict[str, Any]:
    params = {"capacityProviders": [resource.physical_id]}
    found = await world.aws.call("ecs", "DescribeCapacityProviders", params)
    return next(map(dict, found["capacityProviders"]), {})


def _check_progress(provider: Mapping[str, Any]) -> None:
    if provider.get("updateStatus") == "DELETE_FAILED":
        raise AwsError("GeneralServiceException", provider["updateStatusReason"])


class ClusterCapacityProviderAssociations(ResourceType):
    name = "AWS::ECS::ClusterCapacityProviderAssociations"
    modelled = ("Cluster", *_PROVIDERS)

    async def create(self, world: World, resource: Resource) -> None:
        cluster = resource.properties["Cluster"]
        if (await _cluster(world, cluster)).get("capacityProviders"):
            sentence = "The cluster already contains capacity provider associations"
            raise AwsError("AlreadyExists", sentence)
        await _provide(world, cluster, resource.properties)
        resource.physical_id = cluster

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await _provide(world, before["Cluster"], resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        await _provide(world, resource.physical_id, {})

    async def stabilise(self, world: World, resource: Resource) -> None:
        await _attached(world, resource.physical_id)

    async def gone(self, world: World, resource: Resource) -> None:
        await _settled(world, resource.physical_id)


async def _provide(world: World, cluster: str, given: Mapping[str, Any]) -> None:
    """After what was asked for before is done, as CloudFormation's handler tries again."""
    await _settled(world, cluster)
    asked = {"Cluster": cluster, "CapacityProviders": [], "DefaultCapacityProviderStrategy": []}
    params = spelled("ecs", "PutClusterCapacityProviders", asked | picked(given, _PROVIDERS))
    await world.aws.call("ecs", "PutClusterCapacityProviders", params)


async def _attached(world: World, cluster: str) -> None:
    if await _settled(world, cluster) == "UPDATE_FAILED":
        raise AwsError("NotStabilized", "Cluster attachments are in UPDATE_FAILED state.")


async def _settled(world: World, cluster: str) -> str | None:
    while True:
        status: str | None = (await _cluster(world, cluster)).get("attachmentsStatus")
        if status != "UPDATE_IN_PROGRESS":
            return status
        await world.clock.sleep(LOOK_SECONDS)


async def _cluster(world: World, name: str) -> dict[str, Any]:
    params = {"clusters": [name], "include": ["ATTACHMENTS"]}
    found = await world.aws.call("ecs", "DescribeClusters", params)
    return next(map(dict, found["clusters"]), {})
