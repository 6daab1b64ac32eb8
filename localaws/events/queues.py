"""Straight into a queue of moto's: what SendMessage leads to, without HTTP and XML.

moto's own `send_message` counts all that is in the queue each time; only a FIFO queue, which looks
for duplicates among it anyway, is left to that.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws import permissions
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World


async def put(
    world: World,
    arn: str,
    body: str,
    *,
    group: str | None = None,
    attributes: Mapping[str, str] | None = None,
    sender: Mapping[str, str] | None,
) -> None:
    """AwsError for what SendMessage would refuse; `sender` is what the queue's policy is asked of,
    unless a role speaks for it."""
    typed = _typed(attributes or {})
    await world.aws.moto.within(lambda: _send(arn, body, group, typed, sender))


def _send(
    arn: str,
    body: str,
    group: str | None,
    attributes: dict[str, Any],
    sender: Mapping[str, str] | None,
) -> None:
    from moto.core.exceptions import ServiceException  # noqa: PLC0415 - moto is loaded late
    from moto.sqs.models import Message, sqs_backends  # noqa: PLC0415 - moto is loaded late

    region, account, name = arn.split(":")[3:6]
    backend = sqs_backends[account][region]
    try:
        queue: Any = backend.get_queue(name)  # its attributes are made as it runs
        if sender is not None:
            _check(queue, arn, sender)
        if queue.fifo_queue or len(body) > queue.maximum_message_size:
            backend.send_message(name, body, message_attributes=attributes, group_id=group)
            return
    except ServiceException as refused:
        raise AwsError(refused.code, refused.message) from refused
    message = Message(str(uuid.uuid4()), body)
    message.message_attributes = attributes
    message.mark_sent(delay_seconds=queue.delay_seconds)
    queue.add_message(message)


def _check(queue: Any, arn: str, sender: Mapping[str, str]) -> None:  # noqa: ANN401
    if not permissions.allows(queue._policy_json, "sqs:SendMessage", arn, sender):
        raise permissions.denied(arn)


def _typed(given: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in given.items()}
