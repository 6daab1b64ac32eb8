"""The SQS queue that EventBridge fills with what ECS does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_BATCH = 10  # SQS hands out no more a call
_LONG_POLL = 5  # seconds; a stop waits for no longer than this


@dataclass(frozen=True)
class TaskChange:
    """An "ECS Task State Change", as far as it names whom it is about."""

    receipt: str
    service: str  # empty for a task of no service, or a message of another kind


class Queue(Protocol):
    def receive(self) -> Sequence[TaskChange]: ...
    def acknowledge(self, changes: Sequence[TaskChange]) -> None: ...


class SqsQueue:
    def __init__(self, client: Any, url: str) -> None:  # noqa: ANN401
        self._client = client
        self._url = url

    def receive(self) -> Sequence[TaskChange]:
        """Waits some seconds for the first one. At least once, in no order."""
        answer = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=_BATCH, WaitTimeSeconds=_LONG_POLL
        )
        return [
            TaskChange(message["ReceiptHandle"], _service(message["Body"]))
            for message in answer.get("Messages", ())
        ]

    def acknowledge(self, changes: Sequence[TaskChange]) -> None:
        entries = [
            {"Id": str(index), "ReceiptHandle": change.receipt}
            for index, change in enumerate(changes)
        ]
        if entries:
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _service(body: str) -> str:
    """`detail.group` is `service:<name>` (Amazon ECS events, "Task state change events")."""
    try:
        group = json.loads(body)["detail"]["group"]
    except (ValueError, KeyError, TypeError):
        return ""
    kind, _, name = str(group).partition(":")
    return name if kind == "service" else ""
