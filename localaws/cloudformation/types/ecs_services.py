"""AWS::ECS::Service: complete once it is stable, unless the operation does not wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import ecs_tags
from localaws.cloudformation.types.spelling import spelled
from localaws.wire import AwsError
from localaws.world import World

LOOK_SECONDS = 0.5  # between two looks at a service that is to become stable

_MADE_WITH = ("DeploymentController", "LaunchType", "SchedulingStrategy")
_CHANGEABLE = (
    "AvailabilityZoneRebalancing",
    "CapacityProviderStrategy",
    "Cluster",
    "DeploymentConfiguration",
    "DesiredCount",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "HealthCheckGracePeriodSeconds",
    "LoadBalancers",
    "PlacementConstraints",
    "PlacementStrategies",
    "PropagateTags",
    "TaskDefinition",
)
_STRATEGY = "CapacityProviderStrategy"
_LISTS = ("LoadBalancers", "PlacementConstraints", "PlacementStrategies", _STRATEGY)


class Service(ResourceType):
    name = "AWS::ECS::Service"
    modelled = ("ServiceName", "Tags", *_MADE_WITH, *_CHANGEABLE)
    attributes = ("Name", "ServiceArn")
    named_by = "ServiceName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = _asked("CreateService", picked(given, (*_MADE_WITH, *_CHANGEABLE)))
        params["serviceName"] = given.get("ServiceName") or resource.generated_name(255)
        params["tags"] = ecs_tags.spelled(self.tags_of(resource))
        made = (await world.aws.call("ecs", "CreateService", params))["service"]
        resource.physical_id = made["serviceArn"]
        resource.attributes = {"Name": made["serviceName"], "ServiceArn": made["serviceArn"]}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        if picked(before, _CHANGEABLE) != picked(now, _CHANGEABLE):
            emptied: dict[str, Any] = {
                name: [] for name in _LISTS if name in before and name not in now
            }
            params = _asked("UpdateService", picked(now, _CHANGEABLE) | emptied)
            params["service"] = resource.physical_id
            if before.get(_STRATEGY) != now.get(_STRATEGY):
                params["forceNewDeployment"] = True  # or ECS refuses another strategy
            await world.aws.call("ecs", "UpdateService", params)
        await ecs_tags.change(world, resource, resource.physical_id, before)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"service": resource.physical_id, "force": True}
        await world.aws.call("ecs", "DeleteService", params | _cluster(resource))

    async def stabilise(self, world: World, resource: Resource) -> None:
        """Its deployment is complete and its tasks run; a deployment that fails, fails it."""
        while not _stable(resource, await _described(world, resource)):
            await world.clock.sleep(LOOK_SECONDS)

    async def gone(self, world: World, resource: Resource) -> None:
        while (await _described(world, resource)).get("status", "INACTIVE") != "INACTIVE":
            await world.clock.sleep(LOOK_SECONDS)

    def replaced_by(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        was, now = (one.get("LaunchType") for one in (before, after))
        return super().replaced_by(before, after) or was != now


def _asked(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"PlacementStrategies": "PlacementStrategy"}
    renamed = {names.get(name, name): value for name, value in given.items()}
    return dict(spelled("ecs", operation, renamed))


def _cluster(resource: Resource) -> dict[str, str]:
    cluster = resource.properties.get("Cluster")
    return {"cluster": cluster} if cluster else {}


async def _described(world: World, resource: Resource) -> dict[str, Any]:
    params = {"services": [resource.physical_id]} | _cluster(resource)
    found = (await world.aws.call("ecs", "DescribeServices", params))["services"]
    return dict(found[0]) if found else {}


def _stable(resource: Resource, service: Mapping[str, Any]) -> bool:
    if service.get("status") != "ACTIVE":
        raise AwsError("NotStabilized", "Service was not ACTIVE.")
    primary = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
    wanted = str(resource.properties.get("TaskDefinition", ""))
    went_back = not _same_definition(primary["taskDefinition"], wanted)
    if went_back or primary.get("rolloutState") == "FAILED":
        what = "ECS Deployment Circuit Breaker was triggered"
        raise AwsError("GeneralServiceException", f"Error occurred during operation '{what}'.")
    alone = len(service["deployments"]) == 1
    finished = primary.get("rolloutState", "COMPLETED") == "COMPLETED"
    return alone and finished and service["runningCount"] == service["desiredCount"]


def _same_definition(arn: str, wanted: str) -> bool:
    """`wanted` may be an ARN, `family:revision`, or a family, of which it is the newest."""
    name, family = wanted.rpartition("/")[2], arn.rpartition("/")[2]
    return name in (family, family.partition(":")[0])
