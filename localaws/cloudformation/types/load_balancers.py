"""AWS::ElasticLoadBalancingV2::LoadBalancer, ::Listener and ::ListenerCertificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import elbv2_tags
from localaws.wire import AwsError
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


class ListenerCertificate(ResourceType):
    """One that a listener has besides its default."""

    name = "AWS::ElasticLoadBalancingV2::ListenerCertificate"
    modelled = ("Certificates", "ListenerArn")
    attributes = ("Id",)

    async def create(self, world: World, resource: Resource) -> None:
        await _certify(world, "Add", resource.properties, _only(resource.properties))
        resource.physical_id = resource.generated_name(128)
        resource.attributes = {"Id": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        """The new one first: names that both prove are never without a certificate."""
        now = resource.properties
        await _certify(world, "Add", now, _only(now))
        if _only(before) != _only(now):
            await _certify(world, "Remove", now, _only(before))

    async def delete(self, world: World, resource: Resource) -> None:
        await _certify(world, "Remove", resource.properties, _only(resource.properties))


def _only(given: Mapping[str, Any]) -> str:
    """What AWS does with more than one is not defined, its reference says: one a resource."""
    if len(given["Certificates"]) != 1:
        sentence = "More than one certificate of a ListenerCertificate is not modelled"
        raise AwsError("UnsupportedOperation", f"{sentence} by the local AWS", status=501)
    return str(given["Certificates"][0]["CertificateArn"])


async def _certify(world: World, verb: str, given: Mapping[str, Any], certificate: str) -> None:
    certificates = [{"CertificateArn": certificate}]
    params = {"ListenerArn": given["ListenerArn"], "Certificates": certificates}
    await world.aws.call("elbv2", f"{verb}ListenerCertificates", params)
