"""AWS::SSM::Parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.world import World

_SETTINGS = ("AllowedPattern", "DataType", "Description", "Tier", "Type", "Value")


class Parameter(ResourceType):
    name = "AWS::SSM::Parameter"
    modelled = ("Name", "Tags", *_SETTINGS)
    attributes = ("Arn", "Type", "Value")
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get("Name") or f"CFN-{resource.generated_name(200)}"
        tags = given.get("Tags", {}) | resource.system_tags
        params = {"Name": name} | picked(given, _SETTINGS)
        params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        await world.aws.call("ssm", "PutParameter", params)
        resource.physical_id = name
        self._show(world, resource)

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        params = {"Name": resource.physical_id, "Overwrite": True}
        await world.aws.call("ssm", "PutParameter", params | picked(resource.properties, _SETTINGS))
        old, new = before.get("Tags", {}), resource.properties.get("Tags", {})
        which = {"ResourceType": "Parameter", "ResourceId": resource.physical_id}
        if changed := [{"Key": k, "Value": v} for k, v in new.items() if old.get(k) != v]:
            await world.aws.call("ssm", "AddTagsToResource", which | {"Tags": changed})
        if removed := sorted(old.keys() - new.keys()):
            await world.aws.call("ssm", "RemoveTagsFromResource", which | {"TagKeys": removed})
        self._show(world, resource)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ssm", "DeleteParameter", {"Name": resource.physical_id})

    def _show(self, world: World, resource: Resource) -> None:
        arn = world.arn("ssm", f"parameter/{resource.physical_id.removeprefix('/')}")
        resource.attributes = picked(resource.properties, ("Type", "Value")) | {"Arn": arn}
