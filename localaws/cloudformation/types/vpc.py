"""AWS::EC2::VPC, ::Subnet, ::InternetGateway and ::VPCGatewayAttachment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import ec2_tags
from localaws.world import World


class Vpc(ResourceType):
    name = "AWS::EC2::VPC"
    modelled = ("CidrBlock", "EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags")
    attributes = (
        "VpcId",
        "CidrBlock",
        "CidrBlockAssociations",
        "DefaultNetworkAcl",
        "DefaultSecurityGroup",
    )

    async def create(self, world: World, resource: Resource) -> None:
        params = picked(resource.properties, ("CidrBlock", "InstanceTenancy"))
        params |= ec2_tags.specification(self, resource, "vpc")
        made = (await world.aws.call("ec2", "CreateVpc", params))["Vpc"]
        resource.physical_id = made["VpcId"]
        await self._switch(world, resource, {})
        resource.attributes = {
            "VpcId": made["VpcId"],
            "CidrBlock": made["CidrBlock"],
            "CidrBlockAssociations": [
                one["AssociationId"] for one in made["CidrBlockAssociationSet"]
            ],
            "DefaultNetworkAcl": await _default(world, made["VpcId"], "NetworkAcl"),
            "DefaultSecurityGroup": await _default(world, made["VpcId"], "SecurityGroup"),
        }

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        if before.get("InstanceTenancy") != resource.properties.get("InstanceTenancy"):
            params = {"VpcId": resource.physical_id, "InstanceTenancy": "default"}
            await world.aws.call("ec2", "ModifyVpcTenancy", params)
        await self._switch(world, resource, before)
        await ec2_tags.change(world, resource.physical_id, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "DeleteVpc", {"VpcId": resource.physical_id})

    def replaced_by(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Tenancy may go to default, and nowhere else."""
        was, now = (one.get("InstanceTenancy", "default") for one in (before, after))
        return super().replaced_by(before, after) or (was != now and now != "default")

    async def _switch(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        for name, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
            wanted = resource.properties.get(name, default)
            if wanted != before.get(name, default):
                params = {"VpcId": resource.physical_id, name: {"Value": wanted}}
                await world.aws.call("ec2", "ModifyVpcAttribute", params)


async def _default(world: World, vpc_id: str, what: str) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    found = await world.aws.call("ec2", f"Describe{what}s", {"Filters": filters})
    name = {"NetworkAcl": "NetworkAclId", "SecurityGroup": "GroupId"}[what]
    return str(found[f"{what}s"][0][name])


class Subnet(ResourceType):
    name = "AWS::EC2::Subnet"
    modelled = ("VpcId", "CidrBlock", "AvailabilityZone", "MapPublicIpOnLaunch", "Tags")
    attributes = ("SubnetId", "AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId")

    async def create(self, world: World, resource: Resource) -> None:
        params = picked(resource.properties, ("VpcId", "CidrBlock", "AvailabilityZone"))
        params |= ec2_tags.specification(self, resource, "subnet")
        made = (await world.aws.call("ec2", "CreateSubnet", params))["Subnet"]
        resource.physical_id = made["SubnetId"]
        resource.attributes = {name: made[name] for name in self.attributes}
        await self._switch(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await self._switch(world, resource, before)
        await ec2_tags.change(world, resource.physical_id, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "DeleteSubnet", {"SubnetId": resource.physical_id})

    async def _switch(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        wanted = resource.properties.get("MapPublicIpOnLaunch", False)
        if wanted != before.get("MapPublicIpOnLaunch", False):
            params = {"SubnetId": resource.physical_id, "MapPublicIpOnLaunch": {"Value": wanted}}
            await world.aws.call("ec2", "ModifySubnetAttribute", params)


class InternetGateway(ResourceType):
    name = "AWS::EC2::InternetGateway"
    modelled = ("Tags",)
    attributes = ("InternetGatewayId",)

    async def create(self, world: World, resource: Resource) -> None:
        params = ec2_tags.specification(self, resource, "internet-gateway")
        made = await world.aws.call("ec2", "CreateInternetGateway", params)
        resource.physical_id = made["InternetGateway"]["InternetGatewayId"]
        resource.attributes = {"InternetGatewayId": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await ec2_tags.change(world, resource.physical_id, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"InternetGatewayId": resource.physical_id}
        await world.aws.call("ec2", "DeleteInternetGateway", params)


class VpcGatewayAttachment(ResourceType):
    name = "AWS::EC2::VPCGatewayAttachment"
    modelled = ("VpcId", "InternetGatewayId")
    attributes = ("AttachmentType",)

    async def create(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "AttachInternetGateway", dict(resource.properties))
        resource.physical_id = f"IGW|{resource.properties['VpcId']}"
        resource.attributes = {"AttachmentType": "IGW"}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await world.aws.call("ec2", "DetachInternetGateway", dict(before))
        await self.create(world, resource)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "DetachInternetGateway", dict(resource.properties))
