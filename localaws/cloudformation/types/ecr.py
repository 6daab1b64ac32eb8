"""AWS::ECR::Repository."""

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, tag_changes
from localaws.world import World


class Repository(ResourceType):
    name = "AWS::ECR::Repository"
    modelled = (
        "RepositoryName",
        "EmptyOnDelete",
        "ImageTagMutability",
        "ImageScanningConfiguration",
        "Tags",
    )
    attributes = ("Arn", "RepositoryUri")
    named_by = "RepositoryName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = {"repositoryName": given.get("RepositoryName") or resource.generated_name(256)}
        params["repositoryName"] = params["repositoryName"].lower()
        params |= _settings(given) | {"tags": self.tags_of(resource)}
        made = await world.aws.call("ecr", "CreateRepository", params)
        repository = made["repository"]
        resource.physical_id = repository["repositoryName"]
        resource.attributes = {
            "Arn": repository["repositoryArn"],
            "RepositoryUri": repository["repositoryUri"],
        }

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        old, new = _settings(before), _settings(resource.properties)
        name = {"repositoryName": resource.physical_id}
        for setting, operation in _PUTS.items():
            if old[setting] != new[setting]:
                await world.aws.call("ecr", operation, name | {setting: new[setting]})
        arn = {"resourceArn": resource.attributes["Arn"]}
        changed, removed = tag_changes(before, resource.properties)
        if changed:
            await world.aws.call("ecr", "TagResource", arn | {"tags": changed})
        if removed:
            await world.aws.call("ecr", "UntagResource", arn | {"tagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        force = resource.properties.get("EmptyOnDelete", False)
        params = {"repositoryName": resource.physical_id, "force": force}
        await world.aws.call("ecr", "DeleteRepository", params)


_PUTS = {
    "imageTagMutability": "PutImageTagMutability",
    "imageScanningConfiguration": "PutImageScanningConfiguration",
}


def _settings(properties: Mapping[str, Any]) -> dict[str, Any]:
    scanning = properties.get("ImageScanningConfiguration", {})
    return {
        "imageTagMutability": properties.get("ImageTagMutability", "MUTABLE"),
        "imageScanningConfiguration": {"scanOnPush": scanning.get("ScanOnPush", False)},
    }
