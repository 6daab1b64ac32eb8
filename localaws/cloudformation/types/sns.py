"""AWS::SNS::Topic and ::Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.intrinsics import text as as_text
from localaws.cloudformation.resource import Resource, ResourceType, picked, tag_changes
from localaws.cloudformation.types.documents import text
from localaws.world import World

_TOPIC = ("DisplayName", "KmsMasterKeyId")
_SUBSCRIPTION = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


class Topic(ResourceType):
    name = "AWS::SNS::Topic"
    modelled = ("TopicName", "Subscription", "Tags", *_TOPIC)
    attributes = ("TopicArn", "TopicName")
    named_by = "TopicName"

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        name = given.get(self.named_by) or resource.generated_name(256)
        params = {"Name": name, "Attributes": picked(given, _TOPIC)}
        params["Tags"] = self.tags_of(resource)
        resource.physical_id = (await world.aws.call("sns", "CreateTopic", params))["TopicArn"]
        resource.attributes = {"TopicArn": resource.physical_id, "TopicName": name}
        await self._subscribe(world, resource, {})

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        topic, now = resource.physical_id, resource.properties
        for name in _TOPIC:
            if before.get(name) != now.get(name):
                params = {"AttributeName": name, "AttributeValue": now.get(name, "")}
                await world.aws.call("sns", "SetTopicAttributes", {"TopicArn": topic} | params)
        await self._subscribe(world, resource, before)
        changed, removed = tag_changes(before, now)
        if changed:
            params = {"ResourceArn": topic, "Tags": changed}
            await world.aws.call("sns", "TagResource", params)
        if removed:
            params = {"ResourceArn": topic, "TagKeys": removed}
            await world.aws.call("sns", "UntagResource", params)

    async def delete(self, world: World, resource: Resource) -> None:
        topic = {"TopicArn": resource.physical_id}
        found = await world.aws.call("sns", "ListSubscriptionsByTopic", topic)
        await world.aws.call("sns", "DeleteTopic", topic)
        for one in found["Subscriptions"]:  # which AWS drops with their topic
            params = {"SubscriptionArn": one["SubscriptionArn"]}
            await world.aws.call("sns", "Unsubscribe", params)

    async def _subscribe(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        topic = {"TopicArn": resource.physical_id}
        old, new = before.get("Subscription", []), resource.properties.get("Subscription", [])
        for one in [one for one in new if one not in old]:
            await world.aws.call("sns", "Subscribe", topic | one)
        found = await world.aws.call("sns", "ListSubscriptionsByTopic", topic)
        for one in found["Subscriptions"]:
            if picked(one, ("Protocol", "Endpoint")) in [one for one in old if one not in new]:
                params = {"SubscriptionArn": one["SubscriptionArn"]}
                await world.aws.call("sns", "Unsubscribe", params)


class Subscription(ResourceType):
    name = "AWS::SNS::Subscription"
    modelled = ("Endpoint", "Protocol", "TopicArn", *_SUBSCRIPTION)
    attributes = ("Arn",)

    async def create(self, world: World, resource: Resource) -> None:
        given = resource.properties
        params = picked(given, ("TopicArn", "Protocol", "Endpoint"))
        params |= {"Attributes": _settings(given), "ReturnSubscriptionArn": True}
        made = await world.aws.call("sns", "Subscribe", params)
        resource.physical_id = made["SubscriptionArn"]
        resource.attributes = {"Arn": resource.physical_id}

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        old, new = _settings(before), _settings(resource.properties)
        defaults = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}
        for name in [name for name in old | new if old.get(name) != new.get(name)]:
            value = new.get(name, defaults.get(name, ""))
            params = {"AttributeName": name, "AttributeValue": value}
            params["SubscriptionArn"] = resource.physical_id
            await world.aws.call("sns", "SetSubscriptionAttributes", params)

    async def delete(self, world: World, resource: Resource) -> None:
        params = {"SubscriptionArn": resource.physical_id}
        await world.aws.call("sns", "Unsubscribe", params)


def _settings(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: text(value) if isinstance(value, dict) else as_text(value)
        for name, value in picked(given, _SUBSCRIPTION).items()
    }
