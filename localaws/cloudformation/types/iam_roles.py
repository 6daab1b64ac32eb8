"""AWS::IAM::Role and ::InstanceProfile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.cloudformation.types.documents import text
from localaws.world import World


class Role(ResourceType):
    name = "AWS::IAM::Role"
    modelled = (
        "AssumeRolePolicyDocument",
        "Description",
        "ManagedPolicyArns",
        "MaxSessionDuration",
        "Path",
        "PermissionsBoundary",
        "Policies",
        "RoleName",
        "Tags",
    )
    attributes = ("Arn", "RoleId")
    named_by = "RoleName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, ("Path", "Description", "MaxSessionDuration", "PermissionsBoundary"))
        params |= {
            "RoleName": given.get("RoleName") or resource.generated_name(64),
            "AssumeRolePolicyDocument": text(given["AssumeRolePolicyDocument"]),
            "Tags": self.tags_of(resource),
        }
        made = (await world.aws.call("iam", "CreateRole", params))["Role"]
        resource.physical_id = made["RoleName"]
        resource.attributes = {"Arn": made["Arn"], "RoleId": made["RoleId"]}
        await _permit(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now, role = resource.properties, {"RoleName": resource.physical_id}
        if before["AssumeRolePolicyDocument"] != now["AssumeRolePolicyDocument"]:
            params = role | {"PolicyDocument": text(now["AssumeRolePolicyDocument"])}
            await world.aws.call("iam", "UpdateAssumeRolePolicy", params)
        if any(before.get(k) != now.get(k) for k in ("Description", "MaxSessionDuration")):
            defaults = {"Description": "", "MaxSessionDuration": 3600}
            await world.aws.call("iam", "UpdateRole", role | defaults | picked(now, defaults))
        await _bound(world, resource, before)
        await _permit(world, resource, before)
        changed, removed = tag_changes(before, now)
        if changed:
            await world.aws.call("iam", "TagRole", role | {"Tags": changed})
        if removed:
            await world.aws.call("iam", "UntagRole", role | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        role = {"RoleName": resource.physical_id}
        attached = await world.aws.call("iam", "ListAttachedRolePolicies", role)
        for policy in attached["AttachedPolicies"]:
            params = role | {"PolicyArn": policy["PolicyArn"]}
            await world.aws.call("iam", "DetachRolePolicy", params)
        for name in (await world.aws.call("iam", "ListRolePolicies", role))["PolicyNames"]:
            await world.aws.call("iam", "DeleteRolePolicy", role | {"PolicyName": name})
        await world.aws.call("iam", "DeleteRole", role)


async def _bound(world: World, resource: Resource, before: Mapping[str, Any]) -> None:
    role, boundary = resource.physical_id, resource.properties.get("PermissionsBoundary")
    if boundary == before.get("PermissionsBoundary"):
        return
    if boundary is None:
        await world.aws.call("iam", "DeleteRolePermissionsBoundary", {"RoleName": role})
    else:
        params = {"RoleName": role, "PermissionsBoundary": boundary}
        await world.aws.call("iam", "PutRolePermissionsBoundary", params)


async def _permit(world: World, resource: Resource, before: Mapping[str, Any]) -> None:
    """Managed policies attached, inline policies put."""
    now, role = resource.properties, {"RoleName": resource.physical_id}
    old, new = before.get("ManagedPolicyArns", []), now.get("ManagedPolicyArns", [])
    for arn in [arn for arn in old if arn not in new]:
        await world.aws.call("iam", "DetachRolePolicy", role | {"PolicyArn": arn})
    for arn in [arn for arn in new if arn not in old]:
        await world.aws.call("iam", "AttachRolePolicy", role | {"PolicyArn": arn})
    had = {one["PolicyName"]: one["PolicyDocument"] for one in before.get("Policies", [])}
    has = {one["PolicyName"]: one["PolicyDocument"] for one in now.get("Policies", [])}
    for name in had.keys() - has.keys():
        await world.aws.call("iam", "DeleteRolePolicy", role | {"PolicyName": name})
    for name, document in has.items():
        if had.get(name) != document:
            params = role | {"PolicyName": name, "PolicyDocument": text(document)}
            await world.aws.call("iam", "PutRolePolicy", params)


class InstanceProfile(ResourceType):
    name = "AWS::IAM::InstanceProfile"
    modelled = ("InstanceProfileName", "Path", "Roles")
    attributes = ("Arn",)
    named_by = "InstanceProfileName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get(self.named_by) or resource.generated_name(128)
        params = {"InstanceProfileName": name} | picked(given, ("Path",))
        made = (await world.aws.call("iam", "CreateInstanceProfile", params))["InstanceProfile"]
        resource.physical_id = made["InstanceProfileName"]
        resource.attributes = {"Arn": made["Arn"]}
        await self._exchange(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        await self._exchange(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        profile = {"InstanceProfileName": resource.physical_id}
        found = (await world.aws.call("iam", "GetInstanceProfile", profile))["InstanceProfile"]
        for role in found["Roles"]:
            params = profile | {"RoleName": role["RoleName"]}
            await world.aws.call("iam", "RemoveRoleFromInstanceProfile", params)
        await world.aws.call("iam", "DeleteInstanceProfile", profile)

    async def _exchange(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        profile = {"InstanceProfileName": resource.physical_id}
        old, new = before.get("Roles", []), resource.properties["Roles"]
        for role in [role for role in old if role not in new]:
            params = profile | {"RoleName": role}
            await world.aws.call("iam", "RemoveRoleFromInstanceProfile", params)
        for role in [role for role in new if role not in old]:
            await world.aws.call("iam", "AddRoleToInstanceProfile", profile | {"RoleName": role})
