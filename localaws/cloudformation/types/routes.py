"""AWS::EC2::RouteTable, ::Route, ::SubnetRouteTableAssociation, ::EIP and ::NatGateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import ec2_tags
from localaws.world import World


class RouteTable(ResourceType):
    name = "AWS::EC2::RouteTable"
    modelled = ("VpcId", "Tags")
    attributes = ("RouteTableId",)

    async def create(self, world: World, resource: Resource) -> None:
        params = {"VpcId": resource.properties["VpcId"]}
        params |= ec2_tags.specification(self, resource, "route-table")
        made = await world.aws.call("ec2", "CreateRouteTable", params)
        resource.physical_id = made["RouteTable"]["RouteTableId"]
        resource.attributes = {"RouteTableId": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await ec2_tags.change(world, resource.physical_id, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "DeleteRouteTable", {"RouteTableId": resource.physical_id})


class Route(ResourceType):
    name = "AWS::EC2::Route"
    modelled = ("RouteTableId", "DestinationCidrBlock", "GatewayId", "NatGatewayId")
    attributes = ("CidrBlock",)

    async def create(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "CreateRoute", dict(resource.properties))
        cidr = resource.properties["DestinationCidrBlock"]
        resource.physical_id = f"{resource.properties['RouteTableId']}|{cidr}"
        resource.attributes = {"CidrBlock": cidr}

    async def update(
        self,
        world: World,
        resource: Resource,
        before: Mapping[str, Any],  # noqa: ARG002 (the target is given anew)
    ) -> None:
        await world.aws.call("ec2", "ReplaceRoute", dict(resource.properties))

    async def delete(self, world: World, resource: Resource) -> None:
        params = picked(resource.properties, ("RouteTableId", "DestinationCidrBlock"))
        await world.aws.call("ec2", "DeleteRoute", params)


class SubnetRouteTableAssociation(ResourceType):
    name = "AWS::EC2::SubnetRouteTableAssociation"
    modelled = ("RouteTableId", "SubnetId")
    attributes = ("Id",)

    async def create(self, world: World, resource: Resource) -> None:
        made = await world.aws.call("ec2", "AssociateRouteTable", dict(resource.properties))
        resource.physical_id = made["AssociationId"]
        resource.attributes = {"Id": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        """A subnet has one: the old goes before the new comes."""
        tables = {"RouteTableIds": [before["RouteTableId"]]}
        found = (await world.aws.call("ec2", "DescribeRouteTables", tables))["RouteTables"]
        for one in found[0]["Associations"]:
            if one.get("SubnetId") == before["SubnetId"]:
                await self._dissolve(world, one["RouteTableAssociationId"])
        await self.create(world, resource)

    async def delete(self, world: World, resource: Resource) -> None:
        await self._dissolve(world, resource.physical_id)

    async def _dissolve(self, world: World, association_id: str) -> None:
        await world.aws.call("ec2", "DisassociateRouteTable", {"AssociationId": association_id})


class Eip(ResourceType):
    name = "AWS::EC2::EIP"
    modelled = ("Domain", "Tags")
    attributes = ("AllocationId", "PublicIp")

    async def create(self, world: World, resource: Resource) -> None:
        params = {"Domain": "vpc"} | ec2_tags.specification(self, resource, "elastic-ip")
        made = await world.aws.call("ec2", "AllocateAddress", params)
        resource.physical_id = made["PublicIp"]
        resource.attributes = {name: made[name] for name in self.attributes}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        id_ = resource.attributes["AllocationId"]
        await ec2_tags.change(world, id_, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"AllocationId": resource.attributes["AllocationId"]}
        await world.aws.call("ec2", "ReleaseAddress", params)


class NatGateway(ResourceType):
    name = "AWS::EC2::NatGateway"
    modelled = ("AllocationId", "SubnetId", "ConnectivityType", "Tags")
    attributes = ("NatGatewayId",)

    async def create(self, world: World, resource: Resource) -> None:
        params = {k: v for k, v in resource.properties.items() if k != "Tags"}
        params.setdefault("ConnectivityType", "public")
        params |= ec2_tags.specification(self, resource, "natgateway")
        made = await world.aws.call("ec2", "CreateNatGateway", params)
        resource.physical_id = made["NatGateway"]["NatGatewayId"]
        resource.attributes = {"NatGatewayId": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await ec2_tags.change(world, resource.physical_id, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "DeleteNatGateway", {"NatGatewayId": resource.physical_id})
