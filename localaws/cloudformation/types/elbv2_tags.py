"""Tags of load balancers, listeners, rules and target groups, changed by their ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, tag_changes
from localaws.world import World


async def change(world: World, resource: Resource, before: Mapping[str, Any]) -> None:
    changed, removed = tag_changes(before, resource.properties)
    those = {"ResourceArns": [resource.physical_id]}
    if changed:
        await world.aws.call("elbv2", "AddTags", those | {"Tags": changed})
    if removed:
        await world.aws.call("elbv2", "RemoveTags", those | {"TagKeys": removed})
