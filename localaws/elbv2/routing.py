"""Where a request goes: which rule holds, and of which load balancer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import h11

from localaws.elbv2 import conditions
from localaws.elbv2.conditions import Seen
from localaws.elbv2.model import Action, Listener


@dataclass(frozen=True)
class Decision:
    action: Action
    listener: Listener
    priority: int  # of its rule; 0: the default one


def decide(listeners: Collection[Listener], seen: Seen) -> Decision | None:
    """The first rule that holds; else the first listener's default; None without any listener.

    One port stands for all load balancers: on AWS, DNS leads a host to the balancer that has its
    rule, so here every balancer's rules are asked. What some proxy says it got over TLS is for the
    listeners of HTTPS, all else for those of HTTP, unless there are none of that protocol.
    """
    protocol = "HTTPS" if ("x-forwarded-proto", "https") in seen.headers else "HTTP"
    asked = [one for one in listeners if one.protocol == protocol] or list(listeners)
    for listener in asked:
        for rule in listener.rules:
            if conditions.hold(rule.conditions, seen):
                return Decision(rule.action, listener, rule.priority or 0)
    return next((Decision(one.default.action, one, 0) for one in asked), None)


def seen(request: h11.Request, address: str) -> Seen:
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers
    )
    target = request.target.decode("latin-1")
    host = next((value for name, value in headers if name == "host"), "")
    host, path = host_and_path(host, target)
    return Seen(
        host=host,
        path=path,
        method=request.method.decode("latin-1"),
        headers=headers,
        query=tuple(parse_qsl(query(target), keep_blank_values=True)),
        address=address,
    )


def query(target: str) -> str:
    return target.partition("?")[2]


def host_and_path(host_header: str, target: str) -> tuple[str, str]:
    """What rules see: the host without its port, the path without its query."""
    if not target.startswith("/"):  # absolute form, whose host wins over the header
        absolute = urlsplit(target)
        return _host(absolute.netloc or host_header), absolute.path or "/"
    return _host(host_header), target.split("?", 1)[0]


def _host(authority: str) -> str:
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:  # no host at all: only a default action can answer it
        return ""
