"""What becomes of an event on its way: late, lost, doubled, overtaken, tried again, given up."""

from __future__ import annotations

import asyncio
import json
import pickle
import uuid
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from localaws.clock import VirtualClock
from localaws.events.service import Events
from localaws.faults.asked import Asked
from localaws.faults.fault import Kind
from localaws.main import build
from localaws.options import Options
from localaws.wire import AwsError
from localaws.world import World

Json = dict[str, Any]


class Bus:
    """EventBridge and its targets in one process, their time told by hand."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = cast(VirtualClock, world.clock)
        self.mark = uuid.uuid4().hex[:8]  # moto's queues are those of the process

    async def queue(self, name: str, **attributes: str) -> str:
        """Its ARN; open to EventBridge unless its policy is given."""
        arn = self.world.arn("sqs", self.mark + name)
        attributes = {"Policy": policy("sqs:SendMessage", arn)} | attributes
        await self.world.aws.call(
            "sqs", "CreateQueue", {"QueueName": self.mark + name, "Attributes": attributes}
        )
        return arn

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:1/{self.world.account}/{self.mark}{name}"

    async def rule(self, arn: str, name: str = "rule", **target: object) -> None:
        """For all events of source `test`."""
        await self.call("PutRule", Name=name, EventPattern='{"source": ["test"]}')
        await self.call("PutTargets", Rule=name, Targets=[{"Id": "t", "Arn": arn, **target}])

    async def call(self, operation: str, **params: object) -> Json:
        return await self.world.aws.call("events", operation, params)

    async def emit(self, *numbers: int) -> None:
        for number in numbers:
            await self.world.events.emit("test", "Numbered", {"n": number})

    async def got(self, name: str = "q", **more: object) -> list[Json]:
        """All that is in a queue, which is then empty."""
        params = {"QueueUrl": self.url(name), "MaxNumberOfMessages": 10, **more}
        answer = await self.world.aws.call("sqs", "ReceiveMessage", params)
        return list(answer.get("Messages", []))

    async def numbers(self, name: str = "q") -> list[int]:
        return [json.loads(message["Body"])["detail"]["n"] for message in await self.got(name)]

    def fault(self, how: str, **params: object) -> None:
        self.world.faults.begin(Asked(Kind.EVENTS, params={"how": how, **params}))


def policy(action: str | list[str], resource: str, **more: object) -> str:
    """By which EventBridge may do it."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def play(home: Path, scene: Callable[[Bus], Coroutine[Any, Any, None]]) -> None:
    async def playing() -> None:
        world = build(Options(port=1, router_port=2, home=home, driver="sim", time_scale=0))
        await world.events.start()
        try:
            await scene(Bus(world))
        finally:
            await world.events.stop()
            world.aws.moto.close()

    asyncio.run(playing())


def test_what_is_put_into_a_queue_is_what_a_sender_would_have_sent(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        queue = await bus.queue("q", DelaySeconds="0")
        await bus.rule(queue, Input='{"a": "ä"}')
        sent = {"QueueUrl": bus.url("q"), "MessageBody": '{"a": "ä"}'}
        await bus.world.aws.call("sqs", "SendMessage", sent)
        await bus.emit(1)

        ours, theirs = await bus.got(AttributeNames=["All"], MessageAttributeNames=["All"])
        own = {"MessageId", "ReceiptHandle", "Attributes"}
        assert {key: ours[key] for key in ours.keys() - own} == {
            key: theirs[key] for key in theirs.keys() - own
        }
        assert ours["Attributes"].keys() == theirs["Attributes"].keys()

    play(tmp_path, scene)


def test_a_queue_that_delays_delays_events_too(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        await bus.rule(await bus.queue("q", DelaySeconds="900"))
        await bus.emit(1)

        assert await bus.got() == []

    play(tmp_path, scene)


def test_a_fifo_queue_gets_its_group(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        queue = await bus.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        with pytest.raises(AwsError, match="SqsParameters must be specified for target: t"):
            await bus.rule(queue)
        await bus.rule(queue, SqsParameters={"MessageGroupId": "g"})
        await bus.emit(1)

        message = (await bus.got("q.fifo", AttributeNames=["All"]))[0]
        assert message["Attributes"]["MessageGroupId"] == "g"

    play(tmp_path, scene)


def test_a_topic_passes_an_event_on(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        queue = await bus.queue("q")
        arn = bus.world.arn("sns", f"{bus.mark}t")
        attributes = {"Policy": policy("sns:Publish", arn)}
        given = {"Name": f"{bus.mark}t", "Attributes": attributes}
        topic = (await bus.world.aws.call("sns", "CreateTopic", given))["TopicArn"]
        subscription = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
        await bus.world.aws.call("sns", "Subscribe", subscription)
        await bus.rule(topic, InputPath="$.detail")
        await bus.emit(7)

        (message,) = await bus.got()
        assert json.loads(json.loads(message["Body"])["Message"]) == {"n": 7}

    play(tmp_path, scene)


def test_a_log_group_gets_an_event_as_a_line(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        group = {"logGroupName": f"/aws/events/{bus.mark}"}
        await bus.world.aws.call("logs", "CreateLogGroup", group)
        streams = bus.world.arn("logs", "log-group:/aws/events/*:*")
        allowed = policy(["logs:CreateLogStream", "logs:PutLogEvents"], streams)
        given = {"policyName": bus.mark, "policyDocument": allowed}
        await bus.world.aws.call("logs", "PutResourcePolicy", given)
        await bus.rule(bus.world.arn("logs", f"log-group:/aws/events/{bus.mark}:*"))
        await bus.emit(7)

        found = await bus.world.aws.call("logs", "FilterLogEvents", group)
        assert json.loads(found["events"][0]["message"])["detail"] == {"n": 7}

    play(tmp_path, scene)


def test_a_task_is_run_with_what_is_sent_as_its_overrides(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        asked = list[Json]()

        class Ecs:
            def operations(self) -> Json:
                return {"RunTask": lambda params: asked.append(params) or {"failures": []}}

        bus.world.aws.own("ecs", Ecs())
        overrides = {"containerOverrides": [{"name": "main", "command": ["true"]}]}
        parameters = {
            "TaskDefinitionArn": "arn:td",
            "TaskCount": 2,
            "PropagateTags": "TASK_DEFINITION",
        }
        cluster = bus.world.arn("ecs", "cluster/c")
        with pytest.raises(AwsError, match=f"RoleArn is required for target {cluster}"):
            await bus.rule(cluster, EcsParameters=parameters)
        await bus.rule(
            cluster, RoleArn="arn:role", EcsParameters=parameters, Input=json.dumps(overrides)
        )
        await bus.emit(1)

        asked[0].pop("clientToken")
        assert asked == [
            {
                "cluster": cluster,
                "taskDefinition": "arn:td",
                "count": 2,
                "startedBy": "events-rule/rule",
                "propagateTags": "TASK_DEFINITION",
                "overrides": overrides,
            }
        ]

    play(tmp_path, scene)


def test_events_are_lost_doubled_late_and_overtaken_as_told(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        await bus.rule(await bus.queue("q"))

        bus.fault("lost")
        await bus.emit(1)
        lost = await bus.numbers()
        bus.world.faults.end_all()

        bus.fault("doubled")
        await bus.emit(2)
        doubled = await bus.got()
        bus.world.faults.end_all()

        bus.fault("late", seconds=90)
        await bus.emit(3)
        bus.world.faults.end_all()
        await bus.emit(4)
        await bus.clock.advance(89)
        before = await bus.numbers()
        await bus.clock.advance(2)
        late = await bus.numbers()

        bus.world.faults.begin(Asked(Kind.EVENTS, params={"how": "reordered"}, times=1))
        await bus.emit(5, 6, 7)

        assert lost == []
        assert len(doubled) == 2
        assert doubled[0]["Body"] == doubled[1]["Body"]
        assert (before, late) == ([4], [3])
        assert await bus.numbers() == [6, 5, 7]

    play(tmp_path, scene)


def test_an_event_that_waits_to_be_overtaken_comes_in_the_end(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        await bus.rule(await bus.queue("q"))
        bus.fault("reordered", seconds=5)
        await bus.emit(1)
        waiting = await bus.numbers()
        await bus.clock.advance(5)

        assert (waiting, await bus.numbers()) == ([], [1])

    play(tmp_path, scene)


def test_a_fault_concerns_the_rule_it_names(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        await bus.rule(await bus.queue("q"))
        await bus.rule(await bus.queue("other"), "other")
        match = {"rule": "oth*", "source": "test", "detail_type": "Num*"}
        bus.world.faults.begin(Asked(Kind.EVENTS, match=match, params={"how": "lost"}))
        await bus.emit(1)

        assert (await bus.numbers(), await bus.numbers("other")) == ([1], [])

    play(tmp_path, scene)


def test_where_a_target_is_gone_the_event_goes_to_the_dead_letters_at_once(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        dead, gone = await bus.queue("dead"), bus.world.arn("sqs", "gone")
        await bus.rule(gone, DeadLetterConfig={"Arn": dead})
        await bus.emit(1)

        (message,) = await bus.got("dead", MessageAttributeNames=["All"])
        told = {key: one["StringValue"] for key, one in message["MessageAttributes"].items()}
        assert json.loads(message["Body"])["detail"] == {"n": 1}
        assert told == {
            "RULE_ARN": bus.world.arn("events", "rule/rule"),
            "TARGET_ARN": gone,
            "ERROR_CODE": "NO_RESOURCE",
            "ERROR_MESSAGE": "The specified queue does not exist.",
        }

    play(tmp_path, scene)


class Flaky:
    """An ECS that is throttled so many times before it runs a task."""

    def __init__(self, times: int) -> None:
        self.left, self.asked = times, 0

    def operations(self) -> Json:
        return {"RunTask": self._run}

    def _run(self, _: Json) -> Json:
        self.asked += 1
        if self.asked <= self.left:
            raise AwsError("ThrottlingException", "Rate exceeded")
        return {"failures": []}


async def tries(bus: Bus, ecs: Flaky, **target: object) -> None:
    bus.world.aws.own("ecs", ecs)
    await bus.rule(
        bus.world.arn("ecs", "cluster/c"),
        RoleArn="arn:r",
        EcsParameters={"TaskDefinitionArn": "arn:td"},
        **target,
    )
    await bus.emit(1)


def test_a_target_that_is_throttled_is_tried_again_until_it_is_not(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        ecs = Flaky(times=3)
        await tries(bus, ecs)
        first = ecs.asked
        await bus.clock.advance(60)

        assert (first, ecs.asked) == (1, 4)
        assert bus.world.events.state.waiting == {}

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("policy", "condition"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds"),
    ],
)
def test_tries_end_as_the_retry_policy_says(tmp_path: Path, policy: Json, condition: str) -> None:
    async def scene(bus: Bus) -> None:
        ecs, dead = Flaky(times=10_000), await bus.queue("dead")
        await tries(bus, ecs, RetryPolicy=policy, DeadLetterConfig={"Arn": dead})
        await bus.clock.advance(600)

        (message,) = await bus.got("dead", MessageAttributeNames=["All"])
        told = message["MessageAttributes"]
        assert told["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == condition
        assert told["RETRY_ATTEMPTS"]["StringValue"] == str(ecs.asked - 1)
        assert told["ERROR_CODE"]["StringValue"] == "THROTTLING"

    play(tmp_path, scene)


def test_schedules_fire_when_the_clock_says(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        queue = await bus.queue("q")
        await bus.call("PutRule", Name="often", ScheduleExpression="rate(5 minutes)")
        await bus.call("PutTargets", Rule="often", Targets=[{"Id": "t", "Arn": queue}])
        began = bus.clock.now()
        await bus.clock.advance(14 * 60)
        fired = [json.loads(message["Body"]) for message in await bus.got()]
        await bus.call("DisableRule", Name="often")
        await bus.clock.advance(3600)
        quiet = await bus.got()
        await bus.call("EnableRule", Name="often")
        await bus.clock.advance(299)
        not_yet = await bus.got()
        await bus.clock.advance(1)

        assert [event["time"] for event in fired] == [
            f"{began + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}" for minutes in (5, 10)
        ]
        assert {key: fired[0][key] for key in ("source", "detail-type", "resources", "detail")} == {
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "resources": [bus.world.arn("events", "rule/often")],
            "detail": {},
        }
        assert (quiet, not_yet, len(await bus.got())) == ([], [], 1)

    play(tmp_path, scene)


def test_after_a_restart_rules_are_there_and_what_was_late_comes(tmp_path: Path) -> None:
    async def scene(bus: Bus) -> None:
        queue = await bus.queue("q")
        await bus.rule(queue)
        await bus.call("PutRule", Name="often", ScheduleExpression="rate(1 minute)")
        bus.fault("late", seconds=30)
        await bus.emit(1)
        bus.world.faults.end_all()

        await bus.world.events.stop()
        state = pickle.loads(pickle.dumps(bus.world.events.state))
        bus.world.events = Events(bus.world, state)
        bus.world.aws.own("events", bus.world.events)
        await bus.world.events.start()
        await bus.world.events.resume()

        await bus.emit(2)
        at_once = await bus.numbers()
        await bus.call("PutTargets", Rule="often", Targets=[{"Id": "t", "Arn": queue}])
        await bus.clock.advance(30)
        late = await bus.numbers()
        await bus.clock.advance(30)
        assert (at_once, late) == ([2], [1])
        assert [json.loads(one["Body"])["source"] for one in await bus.got()] == ["aws.events"]

    play(tmp_path, scene)
