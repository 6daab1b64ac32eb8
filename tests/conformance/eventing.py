"""A queue of a test's own, which rules may send to, and all that its rules have sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.waiting import known_everywhere, until

Client = Any  # boto3 makes its classes as it runs
Json = dict[str, Any]


@dataclass
class Eventing:
    events: Client
    sqs: Client
    name: str
    bodies: list[str] = field(default_factory=list)
    _rules: list[str] = field(default_factory=list)
    _queues: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.url, self.arn = self.queue(self.name, Policy=policy)

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """Another, to be deleted with the first: its URL and its ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self._queues.append(url)
        asked = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(url), str(asked["Attributes"]["QueueArn"])

    def rule(self, pattern: Json, name: str | None = None) -> str:
        name = name or self.name
        self._rules.append(name)
        arn = self.events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        return str(arn)

    def listen(self, pattern: Json, **target: object) -> None:
        """What matches comes to the queue."""
        self.rule(pattern)
        self.events.put_targets(Rule=self.name, Targets=[{"Id": "q", "Arn": self.arn, **target}])
        known_everywhere()

    def put(self, detail: object, detail_type: str = "Numbered") -> str:
        """Its id; of source the test's name."""
        entry = {"Source": self.name, "DetailType": detail_type, "Detail": json.dumps(detail)}
        return str(self.events.put_events(Entries=[entry])["Entries"][0]["EventId"])

    def body(self) -> str:
        """The first that came."""
        return until(lambda: self._receive() and self.bodies)[0]

    def event(self, such: Callable[[Json], bool], seconds: float = 20) -> Json:
        """The first such, of all that came so far or come yet."""

        def found() -> Json | None:
            self._receive()
            events = [json.loads(body) for body in self.bodies]
            return next((event for event in events if such(event)), None)

        return until(found, seconds)

    def clean(self) -> None:
        for name in dict.fromkeys(self._rules):
            targets = self.events.list_targets_by_rule(Rule=name)["Targets"]
            if targets:
                self.events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
            self.events.delete_rule(Name=name)
        for url in self._queues:
            self.sqs.delete_queue(QueueUrl=url)

    def dead_letter(self) -> dict[str, str]:
        """The attributes of one that came, by which EventBridge tells what went wrong."""
        asked = {"QueueUrl": self.url, "MessageAttributeNames": ["All"]}
        message = until(lambda: self.sqs.receive_message(**asked).get("Messages"))[0]
        told = message["MessageAttributes"]
        return {name: str(one["StringValue"]) for name, one in told.items()}

    def _receive(self) -> bool:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.bodies.append(message["Body"])
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return True
