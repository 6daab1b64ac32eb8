"""One attempt to hand an event to a target: a queue, a topic, a log group, a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from localaws import permissions
from localaws.events import queues, targets
from localaws.events.model import Json, Rule
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

Send = Callable[["World", Json, str, Json, Rule], Coroutine[Any, Any, None]]
STARTED_BY = 36  # characters that StartedBy may have
_PRINCIPAL = "events.amazonaws.com"


async def send(world: World, target: Json, text: str, event: Json, rule: Rule) -> None:
    """AwsError for a target that did not take it."""
    await _SENDERS[targets.kind(target)](world, target, text, event, rule)


async def _to_queue(world: World, target: Json, text: str, _: Json, rule: Rule) -> None:
    group = target.get("SqsParameters", {}).get("MessageGroupId")
    await queues.put(
        world,
        target["Arn"],
        text,
        group=group if targets.is_fifo(target) else None,
        sender=None if "RoleArn" in target else facts(world, rule),
    )


async def _to_topic(world: World, target: Json, text: str, _: Json, rule: Rule) -> None:
    topic = {"TopicArn": target["Arn"]}
    if "RoleArn" not in target:
        found = await world.aws.call("sns", "GetTopicAttributes", topic)
        policies = [json.loads(found["Attributes"]["Policy"])]
        _check(policies, "sns:Publish", target["Arn"], facts(world, rule))
    await world.aws.call("sns", "Publish", topic | {"Message": text})


async def _to_log_group(world: World, target: Json, text: str, event: Json, rule: Rule) -> None:
    """A stream of its own for each event, named after it."""
    arn = target["Arn"].removesuffix(":*")
    stream = {"logGroupName": arn.split(":log-group:", 1)[-1], "logStreamName": event["id"]}
    if "RoleArn" not in target:
        found = await world.aws.call("logs", "DescribeResourcePolicies", {})
        policies = [json.loads(one["policyDocument"]) for one in found["resourcePolicies"]]
        resource = f"{arn}:log-stream:{event['id']}"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            _check(policies, action, resource, facts(world, rule))
    await world.aws.call("logs", "CreateLogStream", stream)
    at = int(world.clock.now().timestamp() * 1000)
    entry = {"timestamp": at, "message": text}
    await world.aws.call("logs", "PutLogEvents", stream | {"logEvents": [entry]})


def facts(world: World, rule: Rule) -> dict[str, str]:
    """What conditions of a policy may look at."""
    return {
        "aws:SourceArn": rule.arn,
        "aws:SourceAccount": world.account,
        "aws:PrincipalServiceName": _PRINCIPAL,
        "aws:PrincipalIsAWSService": "true",
        "aws:SecureTransport": "true",
    }


def _check(policies: list[Json], action: str, resource: str, facts: dict[str, str]) -> None:
    if not any(permissions.allows(policy, action, resource, facts) for policy in policies):
        raise permissions.denied(resource)


async def _to_cluster(world: World, target: Json, text: str, _: Json, rule: Rule) -> None:
    """A task; what the rule says to send, if anything, is its overrides."""
    asked = dict(target["EcsParameters"])
    params = {
        "cluster": target["Arn"],
        "taskDefinition": asked.pop("TaskDefinitionArn"),
        "count": asked.pop("TaskCount", 1),
        "startedBy": f"events-rule/{rule.name}"[:STARTED_BY],
    } | _lowered(asked)
    if "Input" in target or "InputPath" in target or "InputTransformer" in target:
        params["overrides"] = json.loads(text)
    answer = await world.aws.call("ecs", "RunTask", params)
    if failures := answer["failures"]:
        raise AwsError("RunTaskFailure", str(failures[0].get("reason")), status=500)


def _lowered(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """EventBridge writes ECS's members with a capital."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lowered(inner) for key, inner in value.items()}
    return [_lowered(one) for one in value] if isinstance(value, list) else value


_SENDERS: dict[str, Send] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "logs": _to_log_group,
    "ecs": _to_cluster,
}
