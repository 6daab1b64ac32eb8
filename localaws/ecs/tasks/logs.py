"""A container's output into CloudWatch Logs: batched, bounded, and never the task's problem."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from localaws.ecs.needs import World
from localaws.wire import AwsError

log = logging.getLogger(__name__)
EVERY_SECONDS = 0.2
MOST_WAITING_LINES = 10_000  # the oldest are lost first, as in awslogs' non-blocking mode
BATCH_EVENTS, BATCH_BYTES = 1_000, 900_000  # PutLogEvents takes 10,000 and 1 MiB
EVENT_OVERHEAD = 26  # bytes that CloudWatch adds to each


class LogStream:
    def __init__(self, world: World, group: str, stream: str) -> None:
        self._world = world
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING_LINES)
        self._created = False
        self._complained = False
        self._closed = False
        self._arrived = asyncio.Event()

    def write(self, line: str) -> None:
        if line:  # CloudWatch refuses empty events
            at = int(self._world.clock.now().timestamp() * 1000)
            self._waiting.append({"timestamp": at, "message": line})
            self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    async def run(self) -> None:
        """Until it is closed and its last line shipped."""
        while not self._closed or self._waiting:
            await self._arrived.wait()
            self._arrived.clear()
            if not self._closed:
                await self._world.clock.sleep(EVERY_SECONDS)
            while self._waiting:
                await self._put(self._batch())

    def _batch(self) -> list[dict[str, Any]]:
        events, room = list[dict[str, Any]](), BATCH_BYTES
        while self._waiting and len(events) < BATCH_EVENTS:
            room -= len(self._waiting[0]["message"].encode()) + EVENT_OVERHEAD
            if room < 0 and events:
                break
            events.append(self._waiting.popleft())
        return events

    async def _put(self, events: list[dict[str, Any]]) -> None:
        try:
            if not self._created:
                await self._create()
            put = {**self._names, "logEvents": events}
            await self._world.aws.call("logs", "PutLogEvents", put)
        except AwsError as error:
            if not self._complained:
                log.warning("log lines of %s are lost: %s", self._names, error)
            self._complained = True

    async def _create(self) -> None:
        try:
            await self._world.aws.call("logs", "CreateLogStream", dict(self._names))
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
        self._created = True


def stream_name(options: dict[str, str], container: str, task_id: str) -> str:
    """prefix/container/task id; without a prefix Docker would take the container's id."""
    prefix = options.get("awslogs-stream-prefix")
    return f"{prefix}/{container}/{task_id}" if prefix else f"{task_id}-{container}"
