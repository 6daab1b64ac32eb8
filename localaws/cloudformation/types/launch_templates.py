"""AWS::EC2::LaunchTemplate: a change makes a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.world import World

_DATA = (
    "BlockDeviceMappings",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceType",
    "KeyName",
    "MetadataOptions",
    "Monitoring",
    "NetworkInterfaces",
    "SecurityGroupIds",
    "TagSpecifications",
    "UserData",
)


class LaunchTemplate(ResourceType):
    name = "AWS::EC2::LaunchTemplate"
    modelled = (
        "LaunchTemplateName",
        "TagSpecifications",
        "VersionDescription",
        *(f"LaunchTemplateData/{name}" for name in _DATA),
    )
    attributes = ("DefaultVersionNumber", "LatestVersionNumber", "LaunchTemplateId")
    named_by = "LaunchTemplateName"

    async def create(self, world: World, resource: Resource) -> None:
        params = dict(resource.properties)
        params["LaunchTemplateName"] = params.get(self.named_by) or resource.generated_name(128)
        made = await world.aws.call("ec2", "CreateLaunchTemplate", params)
        resource.physical_id = made["LaunchTemplate"]["LaunchTemplateId"]
        self._versions(resource, 1)

    async def update(
        self,
        world: World,
        resource: Resource,
        before: Mapping[str, Any],  # noqa: ARG002 (a version is whole)
    ) -> None:
        params = picked(resource.properties, ("LaunchTemplateData", "VersionDescription"))
        params["LaunchTemplateId"] = resource.physical_id
        made = await world.aws.call("ec2", "CreateLaunchTemplateVersion", params)
        self._versions(resource, made["LaunchTemplateVersion"]["VersionNumber"])

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"LaunchTemplateId": resource.physical_id}
        await world.aws.call("ec2", "DeleteLaunchTemplate", params)

    def _versions(self, resource: Resource, latest: int) -> None:
        """The default version stays the first: nobody but its owner changes it."""
        resource.attributes = {
            "DefaultVersionNumber": "1",
            "LatestVersionNumber": str(latest),
            "LaunchTemplateId": resource.physical_id,
        }
