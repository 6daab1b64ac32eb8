"""AWS::Route53::HostedZone and ::RecordSet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.wire import AwsError
from localaws.world import World

_RECORD = ("Name", "Type", "TTL", "SetIdentifier", "Weight", "Failover", "MultiValueAnswer")


class HostedZone(ResourceType):
    name = "AWS::Route53::HostedZone"
    modelled = ("Name", "HostedZoneConfig", "HostedZoneTags", "VPCs")
    attributes = ("Id", "NameServers")

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = {"Name": given["Name"], "CallerReference": str(uuid.uuid4())}
        vpcs = given.get("VPCs", [])
        config = given.get("HostedZoneConfig", {})
        params["HostedZoneConfig"] = config | {"PrivateZone": bool(vpcs)}
        if vpcs:
            params["VPC"] = vpcs[0]
        made = await world.aws.call("route53", "CreateHostedZone", params)
        resource.physical_id = _short(made["HostedZone"]["Id"])
        servers = made.get("DelegationSet", {}).get("NameServers", [])
        resource.attributes = {"Id": resource.physical_id, "NameServers": servers}
        await self._associate(world, resource, vpcs[:1])
        await self._retag(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        if before.get("HostedZoneConfig") != now.get("HostedZoneConfig"):
            comment = now.get("HostedZoneConfig", {}).get("Comment", "")
            params = {"Id": resource.physical_id, "Comment": comment}
            await world.aws.call("route53", "UpdateHostedZoneComment", params)
        await self._associate(world, resource, before.get("VPCs", []))
        await self._retag(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("route53", "DeleteHostedZone", {"Id": resource.physical_id})

    async def _associate(
        self, world: World, resource: Resource, before: list[dict[str, str]]
    ) -> None:
        now = resource.properties.get("VPCs", [])
        moves = [("Associate", "With", vpc) for vpc in now if vpc not in before]
        moves += [("Disassociate", "From", vpc) for vpc in before if vpc not in now]
        for verb, word, vpc in moves:
            params = {"HostedZoneId": resource.physical_id, "VPC": vpc}
            await world.aws.call("route53", f"{verb}VPC{word}HostedZone", params)

    async def _retag(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        old, new = ({"Tags": p.get("HostedZoneTags", [])} for p in (before, resource.properties))
        changed, removed = tag_changes(old, new)
        params: dict[str, Any] = {"ResourceType": "hostedzone", "ResourceId": resource.physical_id}
        params |= {"AddTags": changed} if changed else {}
        params |= {"RemoveTagKeys": removed} if removed else {}
        if changed or removed:
            await world.aws.call("route53", "ChangeTagsForResource", params)


class RecordSet(ResourceType):
    name = "AWS::Route53::RecordSet"
    modelled = ("AliasTarget", "HostedZoneId", "HostedZoneName", "ResourceRecords", *_RECORD)

    async def create(self, world: World, resource: Resource) -> None:
        await _change(world, resource.properties, ("CREATE", resource.properties))
        resource.physical_id = resource.properties["Name"].removesuffix(".")

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        moved = any(before.get(name) != now.get(name) for name in ("Type", "SetIdentifier"))
        changes = [("DELETE", before), ("CREATE", now)] if moved else [("UPSERT", now)]
        await _change(world, now, *changes)

    async def delete(self, world: World, resource: Resource) -> None:
        try:
            await _change(world, resource.properties, ("DELETE", resource.properties))
        except AwsError as error:
            if "not found" not in error.message:  # already gone
                raise

    def replaced_by(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """A record set of another name is another one, as the reference says of Name."""
        return super().replaced_by(before, after) or before["Name"] != after["Name"]

    def recreates(self, name: str) -> str:
        return "Always" if name == "Name" else super().recreates(name)


async def _change(
    world: World, given: Mapping[str, Any], *changes: tuple[str, Mapping[str, Any]]
) -> None:
    batch = [{"Action": action, "ResourceRecordSet": _record(one)} for action, one in changes]
    params = {"HostedZoneId": await _zone(world, given), "ChangeBatch": {"Changes": batch}}
    await world.aws.call("route53", "ChangeResourceRecordSets", params)


def _record(given: Mapping[str, Any]) -> dict[str, Any]:
    found = picked(given, _RECORD)
    found |= {"TTL": int(given["TTL"])} if "TTL" in given else {}
    if "ResourceRecords" in given:
        found["ResourceRecords"] = [{"Value": one} for one in given["ResourceRecords"]]
    if "AliasTarget" in given:
        found["AliasTarget"] = {"EvaluateTargetHealth": False} | given["AliasTarget"]
    return found


async def _zone(world: World, given: Mapping[str, Any]) -> str:
    if "HostedZoneId" in given:
        return str(given["HostedZoneId"])
    name = str(given.get("HostedZoneName", ""))
    params = {"DNSName": name, "MaxItems": "1"}
    found = (await world.aws.call("route53", "ListHostedZonesByName", params))["HostedZones"]
    if not found or found[0]["Name"].rstrip(".") != name.rstrip("."):
        raise AwsError("NotFoundException", f"No hosted zone named {name} found")
    return _short(found[0]["Id"])


def _short(zone_id: str) -> str:
    return zone_id.rpartition("/")[2]
