"""AWS::SecretsManager::Secret: empty, with a value that is given, or with one made up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.world import World

_GENERATED = "GenerateSecretString"
_TEMPLATE = ("SecretStringTemplate", "GenerateStringKey")  # of a JSON object around the password
_SETTINGS = ("Description", "KmsKeyId")


class Secret(ResourceType):
    name = "AWS::SecretsManager::Secret"
    modelled = ("Name", "SecretString", _GENERATED, "Tags", *_SETTINGS)
    attributes = ("Id",)
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, _SETTINGS) | await _value(world, {}, given)
        params["Name"] = given.get("Name") or resource.generated_name(512)
        params["Tags"] = self.tags_of(resource)
        made = await world.aws.call("secretsmanager", "CreateSecret", params)
        resource.physical_id = made["ARN"]
        resource.attributes = {"Id": made["ARN"]}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        secret, now = {"SecretId": resource.physical_id}, resource.properties
        changed = await _value(world, before, now)
        changed |= {k: now.get(k, "") for k in _SETTINGS if before.get(k, "") != now.get(k, "")}
        if changed:
            await world.aws.call("secretsmanager", "UpdateSecret", secret | changed)
        tags, removed = tag_changes(before, now)
        if tags:
            await world.aws.call("secretsmanager", "TagResource", secret | {"Tags": tags})
        if removed:
            await world.aws.call("secretsmanager", "UntagResource", secret | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"SecretId": resource.physical_id, "ForceDeleteWithoutRecovery": True}
        await world.aws.call("secretsmanager", "DeleteSecret", params)


async def _value(world: World, before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Where what it comes from has changed; else what there is stays, by whomever it was put."""
    if now.get("SecretString") != before.get("SecretString") and "SecretString" in now:
        return {"SecretString": now["SecretString"]}
    if now.get(_GENERATED) != before.get(_GENERATED) and _GENERATED in now:
        return {"SecretString": await _generated(world, now[_GENERATED])}
    return {}


async def _generated(world: World, asked: Mapping[str, Any]) -> str:
    params = {name: value for name, value in asked.items() if name not in _TEMPLATE}
    made = await world.aws.call("secretsmanager", "GetRandomPassword", params)
    password = str(made["RandomPassword"])
    if "GenerateStringKey" not in asked:
        return password
    around = json.loads(asked.get("SecretStringTemplate", "{}"))
    return json.dumps(around | {asked["GenerateStringKey"]: password})
