"""AWS::Scheduler::Schedule and ::ScheduleGroup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.cloudformation.types.spelling import spelled
from localaws.world import World

_TIMES = ("StartDate", "EndDate")
_SETTINGS = (
    "Description",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
)
_TARGET = ("Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig", "EcsParameters")


class Schedule(ResourceType):
    name = "AWS::Scheduler::Schedule"
    modelled = ("Name", *_SETTINGS, *_TIMES, *(f"Target/{name}" for name in _TARGET))
    attributes = ("Arn",)
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        name = resource.properties.get("Name") or resource.generated_name(64)
        params = {"Name": name} | _asked(resource.properties)
        made = await world.aws.call("scheduler", "CreateSchedule", params)
        resource.physical_id = name
        resource.attributes = {"Arn": made["ScheduleArn"]}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        if before.get("GroupName") != resource.properties.get("GroupName"):
            group = {"GroupName": before.get("GroupName", "default")}
            params = {"Name": resource.physical_id} | group
            await world.aws.call("scheduler", "DeleteSchedule", params)
            await self._again(world, resource, "CreateSchedule")
        else:
            await self._again(world, resource, "UpdateSchedule")

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"Name": resource.physical_id} | picked(resource.properties, ("GroupName",))
        await world.aws.call("scheduler", "DeleteSchedule", params)

    async def _again(self, world: World, resource: Resource, operation: str) -> None:
        params = {"Name": resource.physical_id} | _asked(resource.properties)
        made = await world.aws.call("scheduler", operation, params)
        resource.attributes = {"Arn": made["ScheduleArn"]}


def _asked(given: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(given[name]) for name in _TIMES if name in given}
    asked = picked(given, (*_SETTINGS, "Target"))
    return dict(spelled("scheduler", "CreateSchedule", asked)) | times


class ScheduleGroup(ResourceType):
    name = "AWS::Scheduler::ScheduleGroup"
    modelled = ("Name", "Tags")
    attributes = ("Arn",)
    named_by = "Name"

    async def create(self, world: World, resource: Resource) -> None:
        name = resource.properties.get("Name") or resource.generated_name(64)
        params = {"Name": name, "Tags": self.tags_of(resource)}
        made = await world.aws.call("scheduler", "CreateScheduleGroup", params)
        resource.physical_id = name
        resource.attributes = {"Arn": made["ScheduleGroupArn"]}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        arn = {"ResourceArn": resource.attributes["Arn"]}
        changed, removed = tag_changes(before, resource.properties)
        if changed:
            await world.aws.call("scheduler", "TagResource", arn | {"Tags": changed})
        if removed:
            await world.aws.call("scheduler", "UntagResource", arn | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"Name": resource.physical_id}
        await world.aws.call("scheduler", "DeleteScheduleGroup", params)
