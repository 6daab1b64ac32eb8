"""AWS::ECS::TaskDefinition: every change is a new revision, and the old one is deregistered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType
from localaws.cloudformation.types import ecs_tags
from localaws.cloudformation.types.spelling import spelled
from localaws.world import World


class TaskDefinition(ResourceType):
    name = "AWS::ECS::TaskDefinition"
    modelled = (
        "ContainerDefinitions",
        "Cpu",
        "ExecutionRoleArn",
        "Family",
        "Memory",
        "NetworkMode",
        "PlacementConstraints",
        "RequiresCompatibilities",
        "RuntimePlatform",
        "Tags",
        "TaskRoleArn",
    )
    attributes = ("TaskDefinitionArn",)

    async def create(self, world: World, resource: Resource) -> None:
        params = spelled("ecs", "RegisterTaskDefinition", resource.properties)
        params.setdefault("family", resource.generated_name(255))
        params["tags"] = ecs_tags.spelled(self.tags_of(resource))
        made = await world.aws.call("ecs", "RegisterTaskDefinition", params)
        resource.physical_id = made["taskDefinition"]["taskDefinitionArn"]
        resource.attributes = {"TaskDefinitionArn": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await ecs_tags.change(world, resource, resource.physical_id, before)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"taskDefinition": resource.physical_id}
        await world.aws.call("ecs", "DeregisterTaskDefinition", params)
