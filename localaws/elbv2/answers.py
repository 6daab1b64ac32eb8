"""What a load balancer says by itself, worded as an ALB words it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

import h11

from localaws.elbv2.channel import Channel
from localaws.elbv2.model import FixedResponse

BAD_REQUEST = HTTPStatus.BAD_REQUEST
NOT_ALLOWED = HTTPStatus.METHOD_NOT_ALLOWED
BAD_GATEWAY = HTTPStatus.BAD_GATEWAY
UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
TIMEOUT = HTTPStatus.GATEWAY_TIMEOUT

PHRASES = {UNAVAILABLE: "Service Temporarily Unavailable", TIMEOUT: "Gateway Time-out"}
MOST_UNREAD = 1024 * 1024  # of a body nobody wants, before its sender is cut off
LONGEST_UNREAD = 2.0  # seconds; a sender that awaits our word may send nothing at all


def error(status: HTTPStatus) -> FixedResponse:
    title = f"{status.value} {PHRASES.get(status, status.phrase)}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return FixedResponse(status.value, "text/html", body)


async def redirect(client: Channel, status: int, location: str) -> None:
    await answer(client, error(HTTPStatus(status)), [("Location", location)])


async def answer(
    client: Channel, response: FixedResponse, more: Sequence[tuple[str, str]] = ()
) -> None:
    body = response.body.encode()
    headers = [
        ("Server", "awselb/2.0"),
        *more,
        ("Content-Type", f"{response.content_type}; charset=utf-8"),
        ("Content-Length", str(len(body))),
    ]
    await client.send(h11.Response(status_code=response.status, headers=headers))
    await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


async def read_rest(client: Channel) -> None:
    """Closing on a client that still sends would lose it the answer."""
    unread = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_UNREAD):
            while client.http.their_state is h11.SEND_BODY and unread <= MOST_UNREAD:
                event = await client.receive()
                unread += len(event.data) if isinstance(event, h11.Data) else 0
