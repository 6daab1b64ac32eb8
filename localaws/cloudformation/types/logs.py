"""AWS::Logs::LogGroup."""

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, tag_changes
from localaws.world import World


class LogGroup(ResourceType):
    name = "AWS::Logs::LogGroup"
    modelled = ("LogGroupName", "RetentionInDays", "Tags")
    attributes = ("Arn",)
    named_by = "LogGroupName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get("LogGroupName") or resource.generated_name(512)
        tags = {tag["Key"]: tag["Value"] for tag in self.tags_of(resource)}
        await world.aws.call("logs", "CreateLogGroup", {"logGroupName": name, "tags": tags})
        resource.physical_id = name
        resource.attributes = {"Arn": world.arn("logs", f"log-group:{name}:*")}
        await _retain(world, resource)

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        if before.get("RetentionInDays") != resource.properties.get("RetentionInDays"):
            await _retain(world, resource)
        arn = {"resourceArn": resource.attributes["Arn"].removesuffix(":*")}
        changed, removed = tag_changes(before, resource.properties)
        if changed:
            tags = {tag["Key"]: tag["Value"] for tag in changed}
            await world.aws.call("logs", "TagResource", arn | {"tags": tags})
        if removed:
            await world.aws.call("logs", "UntagResource", arn | {"tagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("logs", "DeleteLogGroup", {"logGroupName": resource.physical_id})


async def _retain(world: World, resource: Resource) -> None:
    name = {"logGroupName": resource.physical_id}
    days = resource.properties.get("RetentionInDays")
    if days is None:
        await world.aws.call("logs", "DeleteRetentionPolicy", name)
    else:
        await world.aws.call("logs", "PutRetentionPolicy", name | {"retentionInDays": days})
