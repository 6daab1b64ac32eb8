"""AWS::ElasticLoadBalancingV2::TargetGroup and ::ListenerRule."""

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked
from localaws.cloudformation.types import elbv2_tags
from localaws.world import World

_HEALTH = (
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)
_KIND = ("Protocol", "Port", "VpcId", "TargetType", "ProtocolVersion")


class TargetGroup(ResourceType):
    name = "AWS::ElasticLoadBalancingV2::TargetGroup"
    modelled = ("Name", "TargetGroupAttributes", "Tags", *_KIND, *_HEALTH)
    attributes = ("TargetGroupArn", "TargetGroupName", "TargetGroupFullName")
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, (*_KIND, *_HEALTH))
        params["Name"] = given.get("Name") or resource.generated_name(32)
        params["Tags"] = self.tags_of(resource)
        made = (await world.aws.call("elbv2", "CreateTargetGroup", params))["TargetGroups"][0]
        resource.physical_id = made["TargetGroupArn"]
        resource.attributes = {
            "TargetGroupArn": made["TargetGroupArn"],
            "TargetGroupName": made["TargetGroupName"],
            "TargetGroupFullName": made["TargetGroupArn"].rpartition(":")[2],
        }
        await self._set_attributes(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        arn, now = {"TargetGroupArn": resource.physical_id}, resource.properties
        if any(before.get(name) != now.get(name) for name in _HEALTH):
            await world.aws.call("elbv2", "ModifyTargetGroup", arn | picked(now, _HEALTH))
        await self._set_attributes(world, resource, before)
        await elbv2_tags.change(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"TargetGroupArn": resource.physical_id}
        await world.aws.call("elbv2", "DeleteTargetGroup", params)

    async def _set_attributes(
        self, world: World, resource: Resource, before: Mapping[str, Any]
    ) -> None:
        """Those that are no longer named stay as they are, as on AWS."""
        wanted = resource.properties.get("TargetGroupAttributes", [])
        if wanted and wanted != before.get("TargetGroupAttributes"):
            params = {"TargetGroupArn": resource.physical_id, "Attributes": wanted}
            await world.aws.call("elbv2", "ModifyTargetGroupAttributes", params)


_CONDITIONS = (
    "HostHeader",
    "HttpHeader",
    "HttpRequestMethod",
    "PathPattern",
    "QueryString",
    "SourceIp",
)


class ListenerRule(ResourceType):
    name = "AWS::ElasticLoadBalancingV2::ListenerRule"
    modelled = (
        "ListenerArn",
        "Priority",
        "Conditions/Field",
        "Conditions/Values",
        *(f"Conditions/{name}Config/Values" for name in _CONDITIONS),
        "Conditions/HttpHeaderConfig/HttpHeaderName",
        "Actions/Type",
        "Actions/Order",
        "Actions/TargetGroupArn",
        *(f"Actions/{name}Config" for name in ("FixedResponse", "Forward", "Redirect")),
        "Tags",
    )
    attributes = ("RuleArn", "IsDefault")

    async def create(self, world: World, resource: Resource) -> None:
        params = resource.properties | {"Tags": self.tags_of(resource)}
        made = await world.aws.call("elbv2", "CreateRule", params)
        resource.physical_id = made["Rules"][0]["RuleArn"]
        resource.attributes = {"RuleArn": resource.physical_id, "IsDefault": "false"}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now, arn = resource.properties, {"RuleArn": resource.physical_id}
        if before["Priority"] != now["Priority"]:
            priorities = [arn | {"Priority": now["Priority"]}]
            params = {"RulePriorities": priorities}
            await world.aws.call("elbv2", "SetRulePriorities", params)
        changed = {k: now[k] for k in ("Conditions", "Actions") if before[k] != now[k]}
        if changed:
            await world.aws.call("elbv2", "ModifyRule", arn | changed)
        await elbv2_tags.change(world, resource, before)

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("elbv2", "DeleteRule", {"RuleArn": resource.physical_id})
