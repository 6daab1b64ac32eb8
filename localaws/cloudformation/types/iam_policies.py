"""AWS::IAM::ManagedPolicy, ::Policy and ::RolePolicy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types.documents import text
from localaws.world import World

_MOST_VERSIONS = 5  # of a managed policy: a quota of IAM
_HOLDERS = ("Role", "User", "Group")


class ManagedPolicy(ResourceType):
    name = "AWS::IAM::ManagedPolicy"
    modelled = (
        "Description",
        "Groups",
        "ManagedPolicyName",
        "Path",
        "PolicyDocument",
        "Roles",
        "Users",
    )
    attributes = ("DefaultVersionId", "PolicyArn", "PolicyId")
    named_by = "ManagedPolicyName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, ("Path", "Description")) | {
            "PolicyName": given.get(self.named_by) or resource.generated_name(128),
            "PolicyDocument": text(given["PolicyDocument"]),
        }
        made = (await world.aws.call("iam", "CreatePolicy", params))["Policy"]
        resource.physical_id = made["Arn"]
        resource.attributes = {
            "DefaultVersionId": made["DefaultVersionId"],
            "PolicyArn": made["Arn"],
            "PolicyId": made["PolicyId"],
        }
        await self._attach(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        policy, document = resource.physical_id, resource.properties["PolicyDocument"]
        if before["PolicyDocument"] != document:
            await _drop_versions(world, policy, keep=_MOST_VERSIONS - 1)
            params = {"PolicyArn": policy, "PolicyDocument": text(document), "SetAsDefault": True}
            made = await world.aws.call("iam", "CreatePolicyVersion", params)
            version = made["PolicyVersion"]["VersionId"]
            resource.attributes = resource.attributes | {"DefaultVersionId": version}
        await self._attach(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        policy = {"PolicyArn": resource.physical_id}
        held = await world.aws.call("iam", "ListEntitiesForPolicy", policy)
        for kind in _HOLDERS:
            for one in held.get(f"Policy{kind}s", []):
                params = policy | {f"{kind}Name": one[f"{kind}Name"]}
                await world.aws.call("iam", f"Detach{kind}Policy", params)
        await _drop_versions(world, resource.physical_id, keep=1)
        await world.aws.call("iam", "DeletePolicy", policy)

    async def _attach(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        old, new = _holders(before), _holders(resource.properties)
        moves = [("Detach", *one) for one in old - new] + [("Attach", *one) for one in new - old]
        for verb, kind, holder in moves:
            params = {"PolicyArn": resource.physical_id, f"{kind}Name": holder}
            await world.aws.call("iam", f"{verb}{kind}Policy", params)


async def _drop_versions(world: World, policy: str, *, keep: int) -> None:
    """The oldest, never the default."""
    params = {"PolicyArn": policy}
    found = (await world.aws.call("iam", "ListPolicyVersions", params))["Versions"]
    others = [one["VersionId"] for one in found if not one["IsDefaultVersion"]]
    oldest = sorted(others, key=lambda version: int(version[1:]))
    for version in oldest[: max(len(found) - keep, 0)]:
        await world.aws.call("iam", "DeletePolicyVersion", params | {"VersionId": version})


class Policy(ResourceType):
    """Inline, under one name with each of its holders."""

    name = "AWS::IAM::Policy"
    modelled = ("Groups", "PolicyDocument", "PolicyName", "Roles", "Users")
    attributes = ("Id",)

    async def create(self, world: World, resource: Resource) -> None:
        resource.physical_id = resource.generated_name(128)
        resource.attributes = {"Id": resource.physical_id}
        await _put(world, resource.properties)

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        await _put(world, now)
        renamed = before["PolicyName"] != now["PolicyName"]
        gone = _holders(before) if renamed else _holders(before) - _holders(now)
        await _take(world, gone, before["PolicyName"])

    async def delete(self, world: World, resource: Resource) -> None:
        await _take(world, _holders(resource.properties), resource.properties["PolicyName"])


class RolePolicy(ResourceType):
    name = "AWS::IAM::RolePolicy"
    modelled = ("PolicyDocument", "PolicyName", "RoleName")

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        await _put(world, given | {"Roles": [given["RoleName"]]})
        resource.physical_id = f"{given['PolicyName']}|{given['RoleName']}"

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await _put(world, resource.properties | {"Roles": [before["RoleName"]]})

    async def delete(self, world: World, resource: Resource) -> None:
        given = resource.properties
        await _take(world, {("Role", given["RoleName"])}, given["PolicyName"])


def _holders(properties: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(kind, one) for kind in _HOLDERS for one in properties.get(f"{kind}s", [])}


async def _put(world: World, given: Mapping[str, Any]) -> None:
    document = text(given.get("PolicyDocument", {}))
    for kind, holder in sorted(_holders(given)):
        params = {f"{kind}Name": holder, "PolicyName": given["PolicyName"]}
        await world.aws.call("iam", f"Put{kind}Policy", params | {"PolicyDocument": document})


async def _take(world: World, holders: set[tuple[str, str]], name: str) -> None:
    for kind, holder in sorted(holders):
        params = {f"{kind}Name": holder, "PolicyName": name}
        await world.aws.call("iam", f"Delete{kind}Policy", params)
