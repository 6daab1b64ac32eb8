"""AWS::S3::Bucket and ::BucketPolicy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types.documents import text
from localaws.world import World

_LIFECYCLE = (
    "Id",
    "Status",
    "Prefix",
    "ExpirationInDays",
    "NoncurrentVersionExpiration/NoncurrentDays",
    "AbortIncompleteMultipartUpload",
)


class Bucket(ResourceType):
    name = "AWS::S3::Bucket"
    modelled = (
        "BucketName",
        "BucketEncryption/ServerSideEncryptionConfiguration/ServerSideEncryptionByDefault",
        "BucketEncryption/ServerSideEncryptionConfiguration/BucketKeyEnabled",
        *(f"LifecycleConfiguration/Rules/{name}" for name in _LIFECYCLE),
        "LoggingConfiguration/DestinationBucketName",
        "LoggingConfiguration/LogFilePrefix",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
        "VersioningConfiguration",
    )
    attributes = ("Arn", "DomainName", "RegionalDomainName")
    named_by = "BucketName"

    async def create(self, world: World, resource: Resource) -> None:
        name = resource.properties.get("BucketName") or resource.generated_name(63).lower()
        await world.aws.call("s3", "CreateBucket", {"Bucket": name})
        resource.physical_id = name
        resource.attributes = {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{world.region}.amazonaws.com",
        }
        await self._settle(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await self._settle(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("s3", "DeleteBucket", {"Bucket": resource.physical_id})

    async def _settle(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        bucket, now = {"Bucket": resource.physical_id}, resource.properties
        for name, setting in _SETTINGS.items():
            if before.get(name) != now.get(name):
                operation, params = setting.call(now.get(name))
                await world.aws.call("s3", operation, bucket | params)
        tags = now.get("Tags", [])  # moto takes none of CloudFormation's own
        if tags and tags != before.get("Tags"):
            await world.aws.call("s3", "PutBucketTagging", bucket | {"Tagging": {"TagSet": tags}})
        elif before.get("Tags") and not tags:
            await world.aws.call("s3", "DeleteBucketTagging", bucket)


@dataclass(frozen=True)
class _Setting:
    """One of the bucket's configurations, in S3's own words."""

    put: str
    member: str
    form: Callable[[Any], dict[str, Any]]
    drop: str = ""  # where there is no such operation, what it is without is put

    def call(self, given: object) -> tuple[str, dict[str, Any]]:
        if given is None and self.drop:
            return self.drop, {}
        return self.put, {self.member: self.form(given or {})}


def _encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    rules = given["ServerSideEncryptionConfiguration"]
    by = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [{by.get(k, k): v for k, v in rule.items()} for rule in rules]}


def _lifecycle(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in given["Rules"]]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    same = ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    found = picked(rule, same) | {"Filter": {"Prefix": rule.get("Prefix", "")}}
    found |= {"ID": rule["Id"]} if "Id" in rule else {}
    days = rule.get("ExpirationInDays")
    return found | ({"Expiration": {"Days": days}} if days else {})


def _logging(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given:
        return {}
    to = {"TargetBucket": given["DestinationBucketName"]}
    return {"LoggingEnabled": to | {"TargetPrefix": given.get("LogFilePrefix", "")}}


_BLOCK = "PublicAccessBlock"
_SETTINGS = {
    "BucketEncryption": _Setting(
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        _encryption,
        "DeleteBucketEncryption",
    ),
    "LifecycleConfiguration": _Setting(
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        _lifecycle,
        "DeleteBucketLifecycle",
    ),
    "LoggingConfiguration": _Setting("PutBucketLogging", "BucketLoggingStatus", _logging),
    "OwnershipControls": _Setting(
        "PutBucketOwnershipControls", "OwnershipControls", dict, "DeleteBucketOwnershipControls"
    ),
    "PublicAccessBlockConfiguration": _Setting(
        f"Put{_BLOCK}", f"{_BLOCK}Configuration", dict, f"Delete{_BLOCK}"
    ),
    "VersioningConfiguration": _Setting(
        "PutBucketVersioning",
        "VersioningConfiguration",
        lambda given: given or {"Status": "Suspended"},
    ),
}


class BucketPolicy(ResourceType):
    name = "AWS::S3::BucketPolicy"
    modelled = ("Bucket", "PolicyDocument")

    async def create(self, world: World, resource: Resource) -> None:
        await self._put(world, resource)
        resource.physical_id = resource.properties["Bucket"]

    async def update(
        self,
        world: World,
        resource: Resource,
        before: Mapping[str, Any],  # noqa: ARG002 (the document is given anew)
    ) -> None:
        await self._put(world, resource)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("s3", "DeleteBucketPolicy", {"Bucket": resource.physical_id})

    async def _put(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = {"Bucket": given["Bucket"], "Policy": text(given["PolicyDocument"])}
        await world.aws.call("s3", "PutBucketPolicy", params)
