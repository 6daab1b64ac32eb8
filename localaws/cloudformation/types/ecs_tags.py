"""Tags of what ECS has, in ECS's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, tag_changes
from localaws.world import World


def spelled(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in tags]


async def change(world: World, resource: Resource, arn: str, before: Mapping[str, Any]) -> None:
    changed, removed = tag_changes(before, resource.properties)
    if changed:
        params = {"resourceArn": arn, "tags": spelled(changed)}
        await world.aws.call("ecs", "TagResource", params)
    if removed:
        params = {"resourceArn": arn, "tagKeys": removed}
        await world.aws.call("ecs", "UntagResource", params)
