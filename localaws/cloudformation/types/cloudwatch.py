"""AWS::CloudWatch::Alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.world import World

_SETTINGS = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
    "Unit",
)


class Alarm(ResourceType):
    name = "AWS::CloudWatch::Alarm"
    modelled = ("AlarmName", "Tags", *_SETTINGS)
    attributes = ("Arn",)
    named_by = "AlarmName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get("AlarmName") or resource.generated_name(255)
        params = {"AlarmName": name, "Tags": self.tags_of(resource)} | picked(given, _SETTINGS)
        await world.aws.call("cloudwatch", "PutMetricAlarm", params)
        resource.physical_id = name
        resource.attributes = {"Arn": world.arn("cloudwatch", f"alarm:{name}")}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        if picked(before, _SETTINGS) != picked(now, _SETTINGS):
            params = {"AlarmName": resource.physical_id} | picked(now, _SETTINGS)
            await world.aws.call("cloudwatch", "PutMetricAlarm", params)
        arn = {"ResourceARN": resource.attributes["Arn"]}
        changed, removed = tag_changes(before, now)
        if changed:
            await world.aws.call("cloudwatch", "TagResource", arn | {"Tags": changed})
        if removed:
            await world.aws.call("cloudwatch", "UntagResource", arn | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"AlarmNames": [resource.physical_id]}
        await world.aws.call("cloudwatch", "DeleteAlarms", params)
