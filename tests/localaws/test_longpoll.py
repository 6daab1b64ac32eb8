"""Long polling: a receiver looks again when something was sent, not only when time passes."""

import asyncio
import json

import pytest

from localaws.clock import Clock
from localaws.longpoll import LongPoll
from localaws.wire.answer import Answer
from localaws.wire.request import Request


class StandingClock(Clock):
    """No time passes: only what is sent can end a wait."""

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


class Queue:
    def __init__(self) -> None:
        self.looks: list[object] = []
        self.message = False

    async def handle(self, request: Request) -> Answer:
        self.looks.append(json.loads(request.body)["WaitTimeSeconds"])
        return Answer(200, (), b'{"Messages":[{"ReceiptHandle":"r"}]}' if self.message else b"{}")


def request(seconds: int) -> Request:
    headers = (("x-amz-target", "AmazonSQS.ReceiveMessage"),)
    body = json.dumps({"QueueUrl": "q", "WaitTimeSeconds": seconds}).encode()
    return Request("POST", "/", "", headers, body)


@pytest.mark.parametrize("how", ["send", "close"])
def test_a_receiver_waits_for_a_message_or_the_end(how: str) -> None:
    async def scene() -> Answer:
        queue = Queue()
        polls = LongPoll(StandingClock(), queue.handle)
        receiving = asyncio.create_task(polls.receive(request(20)))
        while not queue.looks:
            await asyncio.sleep(0)
        queue.message = how == "send"
        polls.wake() if how == "send" else polls.close()
        answer = await asyncio.wait_for(receiving, 5)
        assert queue.looks == [0, 0]  # moto itself is never asked to wait
        return answer

    assert (b"ReceiptHandle" in asyncio.run(scene()).body) is (how == "send")


def test_a_wait_beyond_what_sqs_allows_is_left_for_the_queue_to_refuse() -> None:
    queue = Queue()

    asyncio.run(LongPoll(StandingClock(), queue.handle).receive(request(21)))

    assert queue.looks == [21]
