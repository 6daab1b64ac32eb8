"""Headers on their way through the load balancer."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Mapping

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


def to_target(
    request: h11.Request,
    peer: tuple[str, int],
    listener: tuple[str, int],
    attributes: Mapping[str, str],
    traced: bytes,
) -> list[Header]:
    """Connections to targets are not kept, so each says so; an asked upgrade is passed on.

    `listener` is its protocol and port; the attributes are the load balancer's.
    """
    asked = upgrade(request)
    connection = [(b"Connection", b"Upgrade"), (b"Upgrade", asked)] if asked else []
    return [
        *_valid(
            _without(request.headers.raw_items(), _named(request) | REPLACED | _framing(request)),
            attributes,
        ),
        *_forwarded_for(request, peer, attributes),
        (b"X-Forwarded-Proto", listener[0].lower().encode()),
        (b"X-Forwarded-Port", str(listener[1]).encode()),
        (b"X-Amzn-Trace-Id", traced),
        *(connection or [(b"Connection", b"close")]),
    ]


def _forwarded_for(
    request: h11.Request, peer: tuple[str, int], attributes: Mapping[str, str]
) -> list[Header]:
    """Appended to, kept as it came, or removed."""
    given, client = _values(request, FORWARDED_FOR), peer[0]
    if attributes["routing.http.xff_client_port.enabled"] == "true":
        client = f"{peer[0]}:{peer[1]}"
    match attributes["routing.http.xff_header_processing.mode"]:
        case "append":
            given = [b", ".join([*given, client.encode()])]
        case "remove":
            given = []
    return [(b"X-Forwarded-For", value) for value in given]


def _valid(headers: list[Header], attributes: Mapping[str, str]) -> list[Header]:
    if attributes["routing.http.drop_invalid_header_fields.enabled"] != "true":
        return headers
    return [(name, value) for name, value in headers if re.fullmatch(rb"[A-Za-z0-9-]+", name)]


def to_client(response: h11.Response) -> list[Header]:
    """Without its framing, unless it is a length: h11 frames for the client at hand."""
    named = _named(response)
    if _values(response, b"transfer-encoding"):
        named |= {b"transfer-encoding", b"content-length"}
    return _without(response.headers.raw_items(), named)


def to_switched_client(response: h11.InformationalResponse) -> list[Header]:
    kept = _without(response.headers.raw_items(), _named(response))
    return [*kept, (b"Connection", b"Upgrade"), (b"Upgrade", upgrade(response) or b"")]


def trace(request: h11.Request) -> bytes:
    given = _values(request, TRACE)
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
