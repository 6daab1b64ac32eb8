"""A container's output into CloudWatch Logs: batched, bounded, and never the task's problem."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from typing import Any

from localaws.ecs.needs import World
from localaws.wire import AwsError

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2  # after each batch, so that one chatty container does not keep others waiting
BATCH_EVENTS, BATCH_BYTES = 1_000, 900_000  # PutLogEvents takes 10,000 and 1 MiB
EVENT_OVERHEAD = 26  # bytes that CloudWatch adds to each
BUFFER = "10m"  # of `max-buffer-size`, where it is not told; the oldest lines are lost first
BLOCKING_BUFFER = "64m"  # nothing may be lost in that mode, nor may it take all memory
SIZE = re.compile(r"(\d+)([kmg]?)b?", re.IGNORECASE)
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class NoLogs(Exception):
    """Its text is what the log driver says when the container is to start."""


class LogStream:
    def __init__(
        self,
        world: World,
        options: dict[str, str],
        stream: str,
        under_way: set[asyncio.Task[None]],
    ) -> None:
        """`options` are those of the awslogs driver; what is being shipped is `under_way`."""
        self._world, self._options, self._under_way = world, options, under_way
        self._names = {"logGroupName": options["awslogs-group"], "logStreamName": stream}
        self._waiting: deque[dict[str, Any]] = deque()
        self._room = room(options)  # bytes
        self._complained = False
        self._shipping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises NoLogs."""
        try:
            if self._options.get("awslogs-create-group") == "true":
                await self._create("CreateLogGroup", "group")
            await self._create("CreateLogStream", "stream")
        except AwsError as error:
            raise NoLogs(
                "failed to initialize logging driver: failed to create Cloudwatch log "
                f"stream: {error.code}: {error.message.rstrip('.')}."
            ) from error

    def write(self, line: str) -> None:
        if not line:  # CloudWatch refuses empty events
            return
        at = int(self._world.clock.now().timestamp() * 1000)
        self._waiting.append({"timestamp": at, "message": line})
        self._room -= _size(self._waiting[-1])
        while self._room < 0 and len(self._waiting) > 1:
            self._taken()
        if self._shipping is None or self._shipping.done():
            self._shipping = asyncio.create_task(self._ship())
            self._under_way.add(self._shipping)
            self._shipping.add_done_callback(self._under_way.discard)

    async def shipped(self) -> None:
        """Returns once nothing waits any more."""
        if self._shipping:
            await asyncio.wait({self._shipping})

    async def _ship(self) -> None:
        await asyncio.sleep(0)  # lines come in bunches
        while self._waiting:
            await self._put(self._batch())
            await self._world.clock.sleep(PAUSE_SECONDS)

    def _batch(self) -> list[dict[str, Any]]:
        events, left = list[dict[str, Any]](), BATCH_BYTES
        while self._waiting and len(events) < BATCH_EVENTS:
            left -= _size(self._waiting[0])
            if left < 0 and events:
                break
            events.append(self._taken())
        return events

    def _taken(self) -> dict[str, Any]:
        event = self._waiting.popleft()
        self._room += _size(event)
        return event

    async def _put(self, events: list[dict[str, Any]]) -> None:
        try:
            put = {**self._names, "logEvents": events}
            await self._world.aws.call("logs", "PutLogEvents", put)
        except AwsError as error:
            if not self._complained:
                log.warning("log lines of %s are lost: %s", self._names, error)
            self._complained = True

    async def _create(self, operation: str, what: str) -> None:
        names = self._names if what == "stream" else {"logGroupName": self._names["logGroupName"]}
        try:
            await self._world.aws.call("logs", operation, dict(names))
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise


def room(options: dict[str, str]) -> int:
    """Bytes that may wait."""
    blocking = options.get("mode", "non-blocking") == "blocking"
    written = BLOCKING_BUFFER if blocking else options.get("max-buffer-size", BUFFER)
    found = SIZE.fullmatch(written)
    return int(found[1]) * UNITS[found[2].lower()] if found else room({})


def stream_name(options: dict[str, str], container: str, task_id: str) -> str:
    """prefix/container/task id; without a prefix Docker would take the container's id."""
    prefix = options.get("awslogs-stream-prefix")
    return f"{prefix}/{container}/{task_id}" if prefix else f"{task_id}-{container}"


def _size(event: dict[str, Any]) -> int:
    return len(event["message"]) + EVENT_OVERHEAD
