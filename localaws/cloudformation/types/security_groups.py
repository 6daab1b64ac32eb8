"""AWS::EC2::SecurityGroup, ::SecurityGroupIngress and ::SecurityGroupEgress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import ec2_tags
from localaws.world import World

Rule = Mapping[str, Any]

_PORTS = ("IpProtocol", "FromPort", "ToPort")
_TO_ANYWHERE = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}  # what a new group lets out


class SecurityGroup(ResourceType):
    name = "AWS::EC2::SecurityGroup"
    modelled = (
        "GroupDescription",
        "GroupName",
        "VpcId",
        "Tags",
        *(f"SecurityGroupIngress/{name}" for name in (*_PORTS, "Description", "CidrIp")),
        *(f"SecurityGroupIngress/{name}" for name in ("CidrIpv6", "SourceSecurityGroupId")),
        *(f"SecurityGroupEgress/{name}" for name in (*_PORTS, "Description", "CidrIp")),
        *(f"SecurityGroupEgress/{name}" for name in ("CidrIpv6", "DestinationSecurityGroupId")),
    )
    attributes = ("GroupId", "Id", "VpcId")
    named_by = "GroupName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = {
            "GroupName": given.get("GroupName") or resource.generated_name(255),
            "Description": given["GroupDescription"],
        }
        params |= picked(given, ("VpcId",))
        params |= ec2_tags.specification(self, resource, "security-group")
        made = await world.aws.call("ec2", "CreateSecurityGroup", params)
        resource.physical_id = made["GroupId"]
        resource.attributes = {"GroupId": made["GroupId"], "Id": made["GroupId"]}
        resource.attributes["VpcId"] = given.get("VpcId", "")
        await self._rules(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await self._rules(world, resource, before)
        await ec2_tags.change(world, resource.physical_id, before, resource.properties)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("ec2", "DeleteSecurityGroup", {"GroupId": resource.physical_id})

    async def _rules(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now, id_ = resource.properties, resource.physical_id
        old, new = before.get("SecurityGroupIngress", []), now.get("SecurityGroupIngress", [])
        await _exchange(world, id_, "Ingress", old, new)
        old = before.get("SecurityGroupEgress") or [_TO_ANYWHERE]
        new = now.get("SecurityGroupEgress") or [_TO_ANYWHERE]
        await _exchange(world, id_, "Egress", old, new)


class _SeparateRule(ResourceType):
    """A rule of a group that is declared elsewhere."""

    direction: str
    attributes = ("Id",)

    async def create(self, world: World, resource: Resource) -> None:
        group, rule = resource.properties["GroupId"], resource.properties
        made = await _authorise(world, group, self.direction, [rule])
        resource.physical_id = made[0]["SecurityGroupRuleId"]
        resource.attributes = {"Id": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        """Nothing but the description."""
        operation = f"UpdateSecurityGroupRuleDescriptions{self.direction}"
        params = {"GroupId": before["GroupId"], "IpPermissions": [_permission(resource.properties)]}
        await world.aws.call("ec2", operation, params)

    async def delete(self, world: World, resource: Resource) -> None:
        group, rule = resource.properties["GroupId"], resource.properties
        await _revoke(world, group, self.direction, [rule])


class SecurityGroupIngress(_SeparateRule):
    name = "AWS::EC2::SecurityGroupIngress"
    modelled = ("GroupId", *_PORTS, "Description", "CidrIp", "CidrIpv6", "SourceSecurityGroupId")
    direction = "Ingress"


class SecurityGroupEgress(_SeparateRule):
    name = "AWS::EC2::SecurityGroupEgress"
    modelled = (
        "GroupId",
        *_PORTS,
        "Description",
        "CidrIp",
        "CidrIpv6",
        "DestinationSecurityGroupId",
    )
    direction = "Egress"


async def _exchange(
    world: World, group: str, direction: str, old: list[Rule], new: list[Rule]
) -> None:
    gone = [rule for rule in old if rule not in new]
    come = [rule for rule in new if rule not in old]
    if gone:
        await _revoke(world, group, direction, gone)
    if come:
        await _authorise(world, group, direction, come)


async def _authorise(
    world: World, group: str, direction: str, rules: list[Rule]
) -> list[dict[str, Any]]:
    params = {"GroupId": group, "IpPermissions": [_permission(rule) for rule in rules]}
    made = await world.aws.call("ec2", f"AuthorizeSecurityGroup{direction}", params)
    return list(made["SecurityGroupRules"])


async def _revoke(world: World, group: str, direction: str, rules: list[Rule]) -> None:
    params = {"GroupId": group, "IpPermissions": [_permission(rule) for rule in rules]}
    await world.aws.call("ec2", f"RevokeSecurityGroup{direction}", params)


def _permission(rule: Rule) -> dict[str, Any]:
    """In the API's form, in which a rule has lists of peers."""
    found = picked(rule, _PORTS)
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    if "CidrIp" in rule:
        found["IpRanges"] = [{"CidrIp": rule["CidrIp"]} | described]
    if "CidrIpv6" in rule:
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"]} | described]
    for name in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
        if name in rule:
            found["UserIdGroupPairs"] = [{"GroupId": rule[name]} | described]
    return found
