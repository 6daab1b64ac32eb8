"""AWS::Logs::LogGroup."""

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.properties import TAGS
from localaws.cloudformation.resource import Resource, ResourceType, tag_changes
from localaws.world import World


class LogGroup(ResourceType):
    name = "AWS::Logs::LogGroup"
    properties = {"LogGroupName": str, "RetentionInDays": int, "Tags": TAGS}  # noqa: RUF012
    create_only = frozenset({"LogGroupName"})
    attributes = frozenset({"Arn"})
    named_by = "LogGroupName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get("LogGroupName") or resource.generated_name(512)
        params = {"logGroupName": name}
        tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])}
        await world.aws.call("logs", "CreateLogGroup", params | ({"tags": tags} if tags else {}))
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
