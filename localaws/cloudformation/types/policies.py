"""AWS::SQS::QueuePolicy and ::SNS::TopicPolicy: policies put on what other resources made."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from localaws.cloudformation.resource import Resource, ResourceType
from localaws.cloudformation.types.documents import text
from localaws.world import World


class PolicyOfOthers(ResourceType):
    """There is no more to it than the policies of those that it names."""

    holders: ClassVar[str]  # the property that names them
    attributes = ("Id",)

    async def create(self, world: World, resource: Resource) -> None:
        resource.physical_id = resource.generated_name(80)
        resource.attributes = {"Id": resource.physical_id}
        await self._put(world, resource.properties)

    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        now = resource.properties
        await self._put(world, now)
        await self._take(world, set(before[self.holders]) - set(now[self.holders]))

    async def delete(self, world: World, resource: Resource) -> None:
        await self._take(world, resource.properties[self.holders])

    @abstractmethod
    async def set(self, world: World, holder: str, policy: str) -> None: ...

    @abstractmethod
    def without(self, world: World, holder: str) -> str:
        """The policy of one that was given none."""

    async def _put(self, world: World, given: Mapping[str, Any]) -> None:
        for holder in given[self.holders]:
            await self.set(world, holder, text(given["PolicyDocument"]))

    async def _take(self, world: World, holders: Iterable[str]) -> None:
        for holder in holders:
            await self.set(world, holder, self.without(world, holder))


class QueuePolicy(PolicyOfOthers):
    name = "AWS::SQS::QueuePolicy"
    holders = "Queues"
    modelled = ("PolicyDocument", holders)

    async def set(self, world: World, holder: str, policy: str) -> None:
        params = {"QueueUrl": holder, "Attributes": {"Policy": policy}}
        await world.aws.call("sqs", "SetQueueAttributes", params)

    def without(self, world: World, holder: str) -> str:  # noqa: ARG002 (alike for all queues)
        return ""


class TopicPolicy(PolicyOfOthers):
    name = "AWS::SNS::TopicPolicy"
    holders = "Topics"
    modelled = ("PolicyDocument", holders)

    async def set(self, world: World, holder: str, policy: str) -> None:
        params = {"TopicArn": holder, "AttributeName": "Policy", "AttributeValue": policy}
        await world.aws.call("sns", "SetTopicAttributes", params)

    def without(self, world: World, holder: str) -> str:
        """A topic is never without: its owner may do everything."""
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{verb}" for verb in _OWNERS],
            "Resource": holder,
            "Condition": {"StringEquals": {"AWS:SourceOwner": world.account}},
        }
        policy = {"Version": "2008-10-17", "Id": "__default_policy_ID"}
        return json.dumps(policy | {"Statement": [statement]})


_OWNERS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
