"""SQS long polling, kept out of moto: there one waiting receiver would hold up everybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from localaws.clock import Clock
from localaws.wire.answer import Answer
from localaws.wire.request import Request

Handle = Callable[[Request], Awaitable[Answer]]

LOOK_AGAIN = 0.5  # seconds of ours; messages also become visible by time alone, which is moto's


class LongPoll:
    def __init__(self, clock: Clock, handle: Handle) -> None:
        self._clock = clock
        self._handle = handle
        self._sent = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Whoever waits is answered with what there is."""
        self._closed = True
        self.wake()

    def wake(self) -> None:
        """Something may have been sent: every receiver that waits looks again."""
        self._sent.set()
        self._sent = asyncio.Event()

    async def receive(self, request: Request) -> Answer:
        seconds, request = _without_wait(request)
        end = self._clock.monotonic() + seconds
        while True:
            sent = self._sent
            answer = await self._handle(request)
            left = end - self._clock.monotonic()
            done = answer.status != 200 or b"ReceiptHandle" in answer.body
            if done or left <= 0 or self._closed:
                return answer
            await self._pause(sent, min(left, LOOK_AGAIN * max(self._clock.scale, 1)))

    async def _pause(self, sent: asyncio.Event, seconds: float) -> None:
        waits = [
            asyncio.ensure_future(sent.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def is_receive(request: Request) -> bool:
    return request.target[1] == "ReceiveMessage" or request.form.get("Action") == "ReceiveMessage"


def _without_wait(request: Request) -> tuple[float, Request]:
    """The wait that was asked for, and the same request asking for none.

    A queue's own ReceiveMessageWaitTimeSeconds is not looked at.
    """
    try:
        if request.target[1]:
            params: dict[str, Any] = json.loads(request.body)
            wait = float(params.get("WaitTimeSeconds") or 0)
            body = json.dumps(params | {"WaitTimeSeconds": 0}).encode()
        else:
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            wait = float(form.get("WaitTimeSeconds") or 0)
            body = urlencode(form | {"WaitTimeSeconds": "0"}).encode()
    except ValueError:
        return 0, request  # moto words the refusal
    return (wait, replace(request, body=body)) if 0 <= wait <= 20 else (0, request)
