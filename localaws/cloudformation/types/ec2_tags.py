"""Tags of what EC2 has: given when it is made, changed by its id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, tag_changes
from localaws.world import World

Params = dict[str, Any]


def specification(kind: ResourceType, resource: Resource, of: str) -> Params:
    """`of`: EC2's word for the resource."""
    return {"TagSpecifications": [{"ResourceType": of, "Tags": kind.tags_of(resource)}]}


async def change(world: World, id_: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    changed, removed = tag_changes(before, now)
    if changed:
        await world.aws.call("ec2", "CreateTags", {"Resources": [id_], "Tags": changed})
    if removed:
        tags = [{"Key": key} for key in removed]
        await world.aws.call("ec2", "DeleteTags", {"Resources": [id_], "Tags": tags})
