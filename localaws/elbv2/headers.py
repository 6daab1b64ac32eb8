"""Headers on their way through the load balancer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable

import h11

Header = tuple[bytes, bytes]
HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"upgrade",
}
END_TO_END = {b"host", b"content-length", b"transfer-encoding"}  # whatever a client calls them
TRACE = b"x-amzn-trace-id"
FORWARDED_FOR = b"x-forwarded-for"
REPLACED = {FORWARDED_FOR, b"x-forwarded-proto", b"x-forwarded-port", TRACE, b"expect"}


def upgrade(message: h11.Request | h11.Response | h11.InformationalResponse) -> bytes | None:
    """The protocol a request asks for, or a response grants."""
    if not any(b"upgrade" in value.lower() for value in _values(message, b"connection")):
        return None
    return next(iter(_values(message, b"upgrade")), None)


def to_target(request: h11.Request, client_address: str, port: int) -> list[Header]:
    """Connections to targets are not kept, so each says so; an asked upgrade is passed on."""
    asked = upgrade(request)
    forwarded = b", ".join([*_values(request, FORWARDED_FOR), client_address.encode()])
    connection = [(b"Connection", b"Upgrade"), (b"Upgrade", asked)] if asked else []
    return [
        *_without(request.headers.raw_items(), _named(request) | REPLACED | _framing(request)),
        (b"X-Forwarded-For", forwarded),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Forwarded-Port", str(port).encode()),
        (b"X-Amzn-Trace-Id", _trace(_values(request, TRACE))),
        *(connection or [(b"Connection", b"close")]),
    ]


def to_client(response: h11.Response) -> list[Header]:
    """Without its framing, unless it is a length: h11 frames for the client at hand."""
    named = _named(response)
    if _values(response, b"transfer-encoding"):
        named |= {b"transfer-encoding", b"content-length"}
    return _without(response.headers.raw_items(), named)


def to_switched_client(response: h11.InformationalResponse) -> list[Header]:
    kept = _without(response.headers.raw_items(), _named(response))
    return [*kept, (b"Connection", b"Upgrade"), (b"Upgrade", upgrade(response) or b"")]


def _trace(given: list[bytes]) -> bytes:
    made = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}".encode()
    return b"Self=" + made + b";" + given[0] if given else b"Root=" + made


def _framing(request: h11.Request) -> set[bytes]:
    """A body that comes in chunks has no length, whatever else is claimed."""
    return {b"content-length"} if _values(request, b"transfer-encoding") else set()


def _named(message: h11.Request | h11.Response | h11.InformationalResponse) -> set[bytes]:
    """The headers that concern one connection only, those the message names included."""
    listed = b",".join(_values(message, b"connection")).lower().split(b",")
    return HOP_BY_HOP | {name.strip() for name in listed} - END_TO_END


def _values(
    message: h11.Request | h11.Response | h11.InformationalResponse, name: bytes
) -> list[bytes]:
    return [value for key, value in message.headers if key == name]


def _without(headers: Iterable[Header], names: set[bytes]) -> list[Header]:
    return [(name, value) for name, value in headers if name.lower() not in names]
