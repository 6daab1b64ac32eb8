"""AWS::Events::Rule, with its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.cloudformation.types.documents import text
from localaws.world import World

_SETTINGS = ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State")


class Rule(ResourceType):
    name = "AWS::Events::Rule"
    modelled = ("EventPattern", "Name", "Tags", "Targets", *_SETTINGS)
    attributes = ("Arn",)
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get("Name") or resource.generated_name(64)
        params = _asked(name, given) | {"Tags": self.tags_of(resource)}
        made = await world.aws.call("events", "PutRule", params)
        resource.physical_id = name
        resource.attributes = {"Arn": made["RuleArn"]}
        await self._aim(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        await world.aws.call("events", "PutRule", _asked(resource.physical_id, now))
        await self._aim(world, resource, before)
        arn = {"ResourceARN": resource.attributes["Arn"]}
        changed, removed = tag_changes(before, now)
        if changed:
            await world.aws.call("events", "TagResource", arn | {"Tags": changed})
        if removed:
            await world.aws.call("events", "UntagResource", arn | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        rule = {"Rule": resource.physical_id}
        targets = (await world.aws.call("events", "ListTargetsByRule", rule))["Targets"]
        if targets:
            params = rule | {"Ids": [one["Id"] for one in targets]}
            await world.aws.call("events", "RemoveTargets", params)
        await world.aws.call("events", "DeleteRule", {"Name": resource.physical_id})

    async def _aim(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        """Only what changed: targets that stay miss no event."""
        rule = {"Rule": resource.physical_id}
        old = {one["Id"]: one for one in before.get("Targets", [])}
        new = {one["Id"]: one for one in resource.properties.get("Targets", [])}
        if gone := sorted(old.keys() - new.keys()):
            await world.aws.call("events", "RemoveTargets", rule | {"Ids": gone})
        if changed := [one for id_, one in new.items() if old.get(id_) != one]:
            await world.aws.call("events", "PutTargets", rule | {"Targets": changed})


def _asked(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    params = {"Name": name} | picked(given, _SETTINGS)
    if "EventPattern" in given:
        params["EventPattern"] = text(given["EventPattern"])
    return params
