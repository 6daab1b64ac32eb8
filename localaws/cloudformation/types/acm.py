"""AWS::CertificateManager::Certificate: complete once it is issued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.wire import AwsError
from localaws.world import World

_LOOK_SECONDS = 1.0


class Certificate(ResourceType):
    name = "AWS::CertificateManager::Certificate"
    modelled = (
        "DomainName",
        "DomainValidationOptions/DomainName",
        "DomainValidationOptions/HostedZoneId",
        "SubjectAlternativeNames",
        "Tags",
        "ValidationMethod",
    )
    attributes = ("CertificateArn",)

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, ("DomainName", "SubjectAlternativeNames", "ValidationMethod"))
        if given.get("Tags"):
            params["Tags"] = given["Tags"]
        made = await world.aws.call("acm", "RequestCertificate", params)
        resource.physical_id = made["CertificateArn"]
        resource.attributes = {"CertificateArn": resource.physical_id}
        await self._prove(world, resource)

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        arn = {"CertificateArn": resource.physical_id}
        changed, removed = tag_changes(before, resource.properties)
        if changed:
            await world.aws.call("acm", "AddTagsToCertificate", arn | {"Tags": changed})
        if removed:
            params = arn | {"Tags": [{"Key": key} for key in removed]}
            await world.aws.call("acm", "RemoveTagsFromCertificate", params)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"CertificateArn": resource.physical_id}
        await world.aws.call("acm", "DeleteCertificate", params)

    async def stabilise(self, world: World, resource: Resource) -> None:
        while (status := (await _described(world, resource))["Status"]) != "ISSUED":
            if status != "PENDING_VALIDATION":
                raise AwsError("NotStabilized", f"Certificate is in {status} state")
            await world.clock.sleep(_LOOK_SECONDS)

    async def _prove(self, world: World, resource: Resource) -> None:
        """The record that proves the domain, in the zones that were named; it stays there."""
        options = resource.properties.get("DomainValidationOptions", [])
        zones = {one["DomainName"]: one.get("HostedZoneId") for one in options}
        described = (await _described(world, resource)).get("DomainValidationOptions", [])
        for one in described:
            if zone := zones.get(one["DomainName"]):
                record = one["ResourceRecord"]
                values = {"TTL": 300, "ResourceRecords": [{"Value": record["Value"]}]}
                change = {
                    "Action": "UPSERT",
                    "ResourceRecordSet": picked(record, ("Name", "Type")) | values,
                }
                params = {"HostedZoneId": zone, "ChangeBatch": {"Changes": [change]}}
                await world.aws.call("route53", "ChangeResourceRecordSets", params)


async def _described(world: World, resource: Resource) -> dict[str, Any]:
    params = {"CertificateArn": resource.physical_id}
    return dict((await world.aws.call("acm", "DescribeCertificate", params))["Certificate"])
