"""AWS::EC2::VPCEndpoint, gateways and interfaces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType
from localaws.cloudformation.types import ec2_tags
from localaws.world import World

_LISTS = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")


class VpcEndpoint(ResourceType):
    name = "AWS::EC2::VPCEndpoint"
    modelled = (
        "VpcId",
        "ServiceName",
        "VpcEndpointType",
        "PrivateDnsEnabled",
        "PolicyDocument",
        "Tags",
        *_LISTS,
    )
    attributes = ("Id", "DnsEntries", "NetworkInterfaceIds")

    async def create(self, world: World, resource: Resource) -> None:
        params = {k: v for k, v in resource.properties.items() if k != "Tags"}
        params.setdefault("VpcEndpointType", "Gateway")
        if "PolicyDocument" in params:
            params["PolicyDocument"] = json.dumps(params["PolicyDocument"])
        params |= ec2_tags.specification(self, resource, "vpc-endpoint")
        made = (await world.aws.call("ec2", "CreateVpcEndpoint", params))["VpcEndpoint"]
        resource.physical_id = made["VpcEndpointId"]
        resource.attributes = {
            "Id": resource.physical_id,
            "NetworkInterfaceIds": made.get("NetworkInterfaceIds", []),
            "DnsEntries": [
                f"{one['HostedZoneId']}:{one['DnsName']}" for one in made.get("DnsEntries", [])
            ],
        }

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now, params = resource.properties, dict[str, Any]()
        for name in _LISTS:
            old, new = set(before.get(name, [])), set(now.get(name, []))
            params |= {f"Add{name}": sorted(new - old)} if new - old else {}
            params |= {f"Remove{name}": sorted(old - new)} if old - new else {}
        if before.get("PolicyDocument") != now.get("PolicyDocument"):
            policy = now.get("PolicyDocument")
            params |= {"PolicyDocument": json.dumps(policy)} if policy else {"ResetPolicy": True}
        if params:
            params["VpcEndpointId"] = resource.physical_id
            await world.aws.call("ec2", "ModifyVpcEndpoint", params)
        await ec2_tags.change(world, resource.physical_id, before, now)

    async def delete(self, world: World, resource: Resource) -> None:
        await self._leave_tables(world, resource.physical_id)
        params = {"VpcEndpointIds": [resource.physical_id]}
        await world.aws.call("ec2", "DeleteVpcEndpoints", params)

    async def _leave_tables(self, world: World, id_: str) -> None:
        """moto has routes only in the tables it was made with, and stumbles over the others."""
        given = {"VpcEndpointIds": [id_]}
        found = (await world.aws.call("ec2", "DescribeVpcEndpoints", given))["VpcEndpoints"]
        tables = found[0].get("RouteTableIds", [])
        if not tables:
            return
        given = {"RouteTableIds": tables}
        described = (await world.aws.call("ec2", "DescribeRouteTables", given))["RouteTables"]
        routed = {
            one["RouteTableId"]
            for one in described
            if any(route.get("GatewayId") == id_ for route in one["Routes"])
        }
        if lost := sorted(set(tables) - routed):
            params = {"VpcEndpointId": id_, "RemoveRouteTableIds": lost}
            await world.aws.call("ec2", "ModifyVpcEndpoint", params)
