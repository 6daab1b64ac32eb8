"""AWS::SecretsManager::Secret, without a value: versions are put through the API."""

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, tag_changes
from localaws.world import World


class Secret(ResourceType):
    name = "AWS::SecretsManager::Secret"
    modelled = ("Name", "Description", "Tags")
    attributes = ("Id",)
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = {
            "Name": given.get("Name") or resource.generated_name(512),
            "Description": given.get("Description", ""),
            "Tags": self.tags_of(resource),
        }
        made = await world.aws.call("secretsmanager", "CreateSecret", params)
        resource.physical_id = made["ARN"]
        resource.attributes = {"Id": made["ARN"]}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        secret = {"SecretId": resource.physical_id}
        description = resource.properties.get("Description", "")
        if before.get("Description", "") != description:
            params = secret | {"Description": description}
            await world.aws.call("secretsmanager", "UpdateSecret", params)
        changed, removed = tag_changes(before, resource.properties)
        if changed:
            await world.aws.call("secretsmanager", "TagResource", secret | {"Tags": changed})
        if removed:
            await world.aws.call("secretsmanager", "UntagResource", secret | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"SecretId": resource.physical_id, "ForceDeleteWithoutRecovery": True}
        await world.aws.call("secretsmanager", "DeleteSecret", params)
