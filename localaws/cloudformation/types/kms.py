"""AWS::KMS::Key and ::Alias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.cloudformation.types.documents import text
from localaws.world import World


class Key(ResourceType):
    name = "AWS::KMS::Key"
    modelled = (
        "Description",
        "Enabled",
        "EnableKeyRotation",
        "KeyPolicy",
        "KeySpec",
        "KeyUsage",
        "PendingWindowInDays",
        "Tags",
    )
    attributes = ("Arn", "KeyId")

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, ("Description", "KeySpec", "KeyUsage"))
        if "KeyPolicy" in given:
            params["Policy"] = text(given["KeyPolicy"])
        params["Tags"] = _tags(self.tags_of(resource))
        made = (await world.aws.call("kms", "CreateKey", params))["KeyMetadata"]
        resource.physical_id = made["KeyId"]
        resource.attributes = {"Arn": made["Arn"], "KeyId": made["KeyId"]}
        await self._switch(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        key, now = {"KeyId": resource.physical_id}, resource.properties
        await self._switch(world, resource, before)
        if before.get("Description", "") != now.get("Description", ""):
            params = key | {"Description": now.get("Description", "")}
            await world.aws.call("kms", "UpdateKeyDescription", params)
        if before.get("KeyPolicy") != now.get("KeyPolicy") and "KeyPolicy" in now:
            params = key | {"PolicyName": "default", "Policy": text(now["KeyPolicy"])}
            await world.aws.call("kms", "PutKeyPolicy", params)
        changed, removed = tag_changes(before, now)
        if changed:
            await world.aws.call("kms", "TagResource", key | {"Tags": _tags(changed)})
        if removed:
            await world.aws.call("kms", "UntagResource", key | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        """A key is not deleted at once: it waits for days in which it can be had back."""
        days = resource.properties.get("PendingWindowInDays", 30)
        params = {"KeyId": resource.physical_id, "PendingWindowInDays": days}
        await world.aws.call("kms", "ScheduleKeyDeletion", params)

    async def _switch(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        key, now = {"KeyId": resource.physical_id}, resource.properties
        for name, default, what in (("Enabled", True, "Key"), _ROTATION):
            wanted = now.get(name, default)
            if wanted != before.get(name, default):
                verb = "Enable" if wanted else "Disable"
                await world.aws.call("kms", f"{verb}{what}", key)


_ROTATION = ("EnableKeyRotation", False, "KeyRotation")


def _tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]


class Alias(ResourceType):
    name = "AWS::KMS::Alias"
    modelled = ("AliasName", "TargetKeyId")
    named_by = "AliasName"

    async def create(self, world: World, resource: Resource) -> None:
        await world.aws.call("kms", "CreateAlias", dict(resource.properties))
        resource.physical_id = resource.properties["AliasName"]

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        params = {"AliasName": before["AliasName"]}
        params["TargetKeyId"] = resource.properties["TargetKeyId"]
        await world.aws.call("kms", "UpdateAlias", params)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("kms", "DeleteAlias", {"AliasName": resource.physical_id})
