"""Policies of queues, topics and log groups: what EventBridge may bring to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localaws import permissions
from tests.localaws.test_event_delivery import Bus, play, policy

Json = dict[str, Any]
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
RULE = "arn:aws:events:us-east-1:123456789012:rule/r"
FACTS = {
    "aws:PrincipalServiceName": "events.amazonaws.com",
    "aws:SourceArn": RULE,
    "aws:SourceAccount": "123456789012",
    "aws:SecureTransport": "true",
}
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
}


def allowed(*statements: Json) -> bool:
    return permissions.allows({"Statement": list(statements)}, "sqs:SendMessage", QUEUE, FACTS)


def when(operator: str, key: str, value: object) -> Json:
    return ALLOW | {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "statement",
    [
        ALLOW,
        ALLOW | {"Principal": "*"},
        ALLOW | {"Principal": {"AWS": "*"}},
        ALLOW | {"Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}},
        ALLOW | {"Action": "SQS:Send*"},
        ALLOW | {"Action": ["sqs:GetQueueUrl", "sqs:*"]},
        ALLOW | {"Resource": "arn:aws:sqs:*:123456789012:?"},
        when("ArnEquals", "aws:SourceArn", RULE),
        when("ArnLike", "AWS:SourceArn", "arn:aws:events:*:*:rule/*"),
        when("StringEquals", "aws:SourceAccount", ["210987654321", "123456789012"]),
        when("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1"),
        when("StringNotEquals", "aws:SourceVpc", "vpc-1"),
        when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
        when("Bool", "aws:SecureTransport", "True"),
        when("Null", "aws:SourceArn", "false"),
    ],
)
def test_what_a_policy_allows(statement: Json) -> None:
    assert allowed(statement)


@pytest.mark.parametrize(
    "statement",
    [
        ALLOW | {"Principal": {"Service": "sns.amazonaws.com"}},
        ALLOW | {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        ALLOW | {"Action": "sqs:ReceiveMessage"},
        ALLOW | {"Resource": f"{QUEUE}2"},
        ALLOW | {"Resource": "arn:aws:sqs:us-east-1:123456789012:[q]"},
        when("ArnEquals", "aws:SourceArn", f"{RULE}2"),
        when("ArnNotLike", "aws:SourceArn", "arn:aws:events:*:*:rule/*"),
        when("StringEquals", "aws:SourceAccount", "210987654321"),
        when("StringEquals", "aws:PrincipalOrgID", "o-1"),
        when("Null", "aws:SourceArn", "true"),
        {key: value for key, value in ALLOW.items() if key != "Principal"},
    ],
)
def test_what_it_does_not(statement: Json) -> None:
    assert not allowed(statement)


def test_a_denial_counts_more_and_nothing_allows_nothing() -> None:
    insecure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}

    assert not allowed()
    assert not allowed(ALLOW, ALLOW | {"Effect": "Deny"})
    assert allowed(ALLOW, ALLOW | {"Effect": "Deny"} | insecure)
    assert not allowed(
        ALLOW, {"Effect": "Deny", "Principal": "*", "NotAction": "sqs:Get*"} | {"Resource": "*"}
    )


def test_a_queue_that_grants_nothing_gets_nothing_and_the_dead_letters_say_why(
    tmp_path: Path,
) -> None:
    async def scene(bus: Bus) -> None:
        closed, dead = await bus.queue("q", Policy=""), await bus.queue("dead")
        await bus.rule(closed, DeadLetterConfig={"Arn": dead})
        await bus.emit(1)
        (message,) = await bus.got("dead", MessageAttributeNames=["All"])
        told = {key: one["StringValue"] for key, one in message["MessageAttributes"].items()}

        assert await bus.got("q") == []
        assert told["ERROR_CODE"] == "NO_PERMISSIONS"
        assert "RETRY_ATTEMPTS" not in told
        assert bus.world.events.state.waiting == {}

    play(tmp_path, scene)


def test_a_dead_letter_queue_that_grants_nothing_gets_nothing_either(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        dead = await bus.queue("dead", Policy="")
        await bus.rule(bus.world.arn("sqs", "gone"), DeadLetterConfig={"Arn": dead})
        await bus.emit(1)

        assert await bus.got("dead") == []

    play(tmp_path, scene)


def test_a_policy_may_name_the_rule(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        rule = bus.world.arn("events", "rule/first")
        condition = {"ArnEquals": {"aws:SourceArn": rule}}
        arn = bus.world.arn("sqs", f"{bus.mark}q")
        only = policy("sqs:SendMessage", arn, Condition=condition)
        await bus.rule(await bus.queue("q", Policy=only), "first", Input='{"detail": {"n": 1}}')
        await bus.rule(arn, "second", Input='{"detail": {"n": 2}}')
        await bus.emit(0)

        assert await bus.numbers() == [1]

    play(tmp_path, scene)


def test_a_role_speaks_for_the_rule(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        role = bus.world.arn("iam", "role/rules")
        await bus.rule(await bus.queue("q", Policy=""), RoleArn=role)
        await bus.emit(1)

        assert await bus.numbers() == [1]

    play(tmp_path, scene)


def test_a_topic_and_a_log_group_have_to_grant_it_as_well(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        made = await bus.world.aws.call("sns", "CreateTopic", {"Name": f"{bus.mark}t"})
        group = f"/elsewhere/{bus.mark}"
        await bus.world.aws.call("logs", "CreateLogGroup", {"logGroupName": group})
        dead = {"DeadLetterConfig": {"Arn": await bus.queue("dead")}}
        await bus.rule(made["TopicArn"], "topic", **dead)
        await bus.rule(bus.world.arn("logs", f"log-group:{group}"), "group", **dead)
        await bus.emit(1)

        messages = await bus.got("dead", MessageAttributeNames=["All"])
        codes = [one["MessageAttributes"]["ERROR_CODE"]["StringValue"] for one in messages]
        assert codes == ["NO_PERMISSIONS", "NO_PERMISSIONS"]

    play(tmp_path, scene)
