"""AWS::ElasticLoadBalancingV2::LoadBalancer and ::Listener."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import elbv2_tags
from localaws.world import World

_ATTRIBUTES = "LoadBalancerAttributes"


class LoadBalancer(ResourceType):
    name = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    modelled = (
        _ATTRIBUTES,
        "Name",
        "Scheme",
        "SecurityGroups",
        "Subnets",
        "Tags",
        "Type",
    )
    attributes = (
        "CanonicalHostedZoneID",
        "DNSName",
        "LoadBalancerArn",
        "LoadBalancerFullName",
        "LoadBalancerName",
    )
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, ("Scheme", "SecurityGroups", "Subnets", "Type"))
        params |= {"Name": given.get("Name") or resource.generated_name(32)}
        params["Tags"] = self.tags_of(resource)
        made = (await world.aws.call("elbv2", "CreateLoadBalancer", params))["LoadBalancers"][0]
        resource.physical_id = made["LoadBalancerArn"]
        resource.attributes = {
            "CanonicalHostedZoneID": made["CanonicalHostedZoneId"],
            "DNSName": made["DNSName"],
            "LoadBalancerArn": made["LoadBalancerArn"],
            "LoadBalancerFullName": made["LoadBalancerArn"].partition(":loadbalancer/")[2],
            "LoadBalancerName": made["LoadBalancerName"],
        }
        await self._set_attributes(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        arn, now = {"LoadBalancerArn": resource.physical_id}, resource.properties
        for name, operation in (("SecurityGroups", "SetSecurityGroups"), ("Subnets", "SetSubnets")):
            if before.get(name) != now.get(name) and name in now:
                await world.aws.call("elbv2", operation, arn | {name: now[name]})
        await self._set_attributes(world, resource, before)
        await elbv2_tags.change(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"LoadBalancerArn": resource.physical_id}
        await world.aws.call("elbv2", "DeleteLoadBalancer", params)

    async def _set_attributes(
        self, world: World, resource: Resource, before: Mapping[str, Any]
    ) -> None:
        """Those that are no longer named stay as they are, as on AWS."""
        wanted = resource.properties.get(_ATTRIBUTES, [])
        if wanted and wanted != before.get(_ATTRIBUTES):
            params = {"LoadBalancerArn": resource.physical_id, "Attributes": wanted}
            await world.aws.call("elbv2", "ModifyLoadBalancerAttributes", params)


_LISTENER = ("Certificates", "DefaultActions", "Port", "Protocol", "SslPolicy")


class Listener(ResourceType):
    name = "AWS::ElasticLoadBalancingV2::Listener"
    modelled = (
        "Certificates",
        *(f"DefaultActions/{name}" for name in ("Type", "Order", "TargetGroupArn")),
        *(f"DefaultActions/{name}" for name in ("FixedResponseConfig", "RedirectConfig")),
        "DefaultActions/ForwardConfig",
        "LoadBalancerArn",
        "Port",
        "Protocol",
        "SslPolicy",
        "Tags",
    )
    attributes = ("ListenerArn",)

    async def create(self, world: World, resource: Resource) -> None:
        params = picked(resource.properties, ("LoadBalancerArn", *_LISTENER))
        params["Tags"] = self.tags_of(resource)
        made = (await world.aws.call("elbv2", "CreateListener", params))["Listeners"][0]
        resource.physical_id = made["ListenerArn"]
        resource.attributes = {"ListenerArn": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = picked(resource.properties, _LISTENER)
        if now != picked(before, _LISTENER):
            params = {"ListenerArn": resource.physical_id} | now
            await world.aws.call("elbv2", "ModifyListener", params)
        await elbv2_tags.change(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("elbv2", "DeleteListener", {"ListenerArn": resource.physical_id})
