"""AWS::SQS::Queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.intrinsics import text as as_text
from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.cloudformation.types.documents import text
from localaws.world import World

_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(ResourceType):
    name = "AWS::SQS::Queue"
    modelled = ("QueueName", "FifoQueue", "Tags", *_DEFAULTS)
    attributes = ("Arn", "QueueName", "QueueUrl")
    named_by = "QueueName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        fifo = {"FifoQueue": "true"} if given.get("FifoQueue") else {}
        name = given.get("QueueName") or _generated(resource, ".fifo" if fifo else "")
        params = {"QueueName": name, "Attributes": _settings(given) | fifo}
        tags = {tag["Key"]: tag["Value"] for tag in self.tags_of(resource)}
        made = await world.aws.call("sqs", "CreateQueue", params | ({"tags": tags} if tags else {}))
        resource.physical_id = made["QueueUrl"]
        resource.attributes = {
            "Arn": world.arn("sqs", name),
            "QueueName": name,
            "QueueUrl": made["QueueUrl"],
        }

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        queue, now = {"QueueUrl": resource.physical_id}, resource.properties
        old, new = _settings(before), _settings(now)
        changed = {k: new.get(k, _DEFAULTS[k]) for k in old | new if old.get(k) != new.get(k)}
        if changed:
            await world.aws.call("sqs", "SetQueueAttributes", queue | {"Attributes": changed})
        tags, removed = tag_changes(before, now)
        if tags:
            params = queue | {"Tags": {tag["Key"]: tag["Value"] for tag in tags}}
            await world.aws.call("sqs", "TagQueue", params)
        if removed:
            await world.aws.call("sqs", "UntagQueue", queue | {"TagKeys": removed})

    async def delete(self, world: World, resource: Resource) -> None:
        await world.aws.call("sqs", "DeleteQueue", {"QueueUrl": resource.physical_id})


def _generated(resource: Resource, suffix: str) -> str:
    return resource.generated_name(80 - len(suffix)) + suffix


def _settings(given: Mapping[str, Any]) -> dict[str, str]:
    """Attributes are strings; a document among them is JSON."""
    return {
        name: text(value) if isinstance(value, dict) else as_text(value)
        for name, value in picked(given, _DEFAULTS).items()
    }
