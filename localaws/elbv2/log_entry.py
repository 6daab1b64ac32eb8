"""What an access log says of one request: AWS's fields, in its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import h11

from localaws.elbv2.model import FixedResponse, Forward, Redirect
from localaws.elbv2.routing import Decision

_ACTIONS = {Forward: "forward", Redirect: "redirect", FixedResponse: "fixed-response"}
_GATEWAY_TIMEOUT, _SWITCHED = 504, 101


@dataclass
class Passed:
    """One request as it went; what nobody answers stays None."""

    request: h11.Request
    client: tuple[str, int]
    created: datetime
    decision: Decision
    reached: tuple[str, int]  # protocol and port, as the client sees them
    traced: bytes
    connection: str  # its trace
    redirected: str = ""
    group: str | None = None  # ARN
    target: tuple[str, int] | None = None
    dispatched: datetime | None = None
    answered: datetime | None = None  # by the target
    target_status: int | None = None

    def answer(self, status: int, at: datetime) -> None:
        self.target_status, self.answered = status, at


def line(
    passed: Passed, balancer_arn: str, status: int, counted: tuple[int, int], ended: datetime
) -> str:
    """`counted`: bytes received and sent."""
    decision, switched = passed.decision, status == _SWITCHED
    target = f"{passed.target[0]}:{passed.target[1]}" if passed.target else None
    protocol = passed.reached[0].lower().replace("http", "ws" if switched else "http")
    return " ".join(
        (
            protocol,
            _time(ended),
            balancer_arn.partition(":loadbalancer/")[2],
            f"{passed.client[0]}:{passed.client[1]}",
            target or "-",
            *_times(passed, status, ended),
            str(status),
            str(passed.target_status or "-"),
            *map(str, counted),
            _quoted(_asked(passed)),
            _quoted(_header(passed.request, b"user-agent")),
            *("-", "-"),  # the cipher and protocol of TLS, which ends before the router
            passed.group or "-",
            _quoted(passed.traced.decode("latin-1")),
            *(_quoted("-"), _quoted("-")),  # the name and certificate of TLS
            str(decision.priority),
            _time(passed.created),
            _quoted(_ACTIONS[type(decision.action)]),
            _quoted(passed.redirected or "-"),
            _quoted("-"),  # why authentication or a function failed
            _quoted(target or "-"),
            _quoted(str(passed.target_status or "-")),
            *(_quoted("-"), _quoted("-")),  # whether it is a desynchronised request
            passed.connection,
        )
    )


def _times(passed: Passed, status: int, ended: datetime) -> tuple[str, str, str]:
    """Until the target was asked, until it answered, until the client had it all."""
    if passed.target is None:
        return _seconds(passed.created, ended), _seconds(ended, ended), _seconds(ended, ended)
    if passed.dispatched is None or passed.answered is None:
        late = passed.dispatched if status == _GATEWAY_TIMEOUT else None
        return _seconds(passed.created, late) if late else "-1", "-1", "-1"
    return (
        _seconds(passed.created, passed.dispatched),
        _seconds(passed.dispatched, passed.answered),
        _seconds(passed.answered, ended),
    )


def _seconds(since: datetime, until: datetime) -> str:
    return f"{(until - since).total_seconds():.3f}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _asked(passed: Passed) -> str:
    """With the whole address, as the client saw it."""
    protocol, port = passed.reached
    target = passed.request.target.decode("latin-1")
    host = _header(passed.request, b"host")
    name = urlsplit(f"//{host}").hostname or host
    where = f"{protocol.lower()}://{name}:{port}{target}" if target.startswith("/") else target
    version = passed.request.http_version.decode()
    return f"{passed.request.method.decode()} {where} HTTP/{version}"


def _header(request: h11.Request, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in request.headers if key == name), "-")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\x5C").replace('"', "\\x22")
    return f'"{escaped}"'
