"""Where a request goes: which rule holds, which group of it, whose turn in the group."""

from __future__ import annotations

import random
from collections.abc import Collection
from urllib.parse import urlsplit

from localaws.elbv2 import conditions
from localaws.elbv2.model import Action, Forward, Listener, State, Target, TargetGroup
from localaws.elbv2.store import Store


def decide(listeners: Collection[Listener], host: str, path: str) -> Action | None:
    """The first rule that holds; else the first listener's default; None without any listener.

    One port stands for all load balancers: on AWS, DNS leads a host to the balancer that has its
    rule, so here every balancer's rules are asked.
    """
    for listener in listeners:
        for rule in listener.rules:
            if conditions.hold(rule.conditions, host, path):
                return rule.action
    return next((listener.default.action for listener in listeners), None)


def host_and_path(host_header: str, target: str) -> tuple[str, str]:
    """What rules see: the host without its port, the path without its query."""
    if not target.startswith("/"):  # absolute form, whose host wins over the header
        absolute = urlsplit(target)
        return _host(absolute.netloc or host_header), absolute.path or "/"
    return _host(host_header), target.split("?", 1)[0]


def pick(forward: Forward, store: Store) -> Target | None:
    """A target by round robin; None if there is none to send to."""
    group = _group(forward, store)
    targets = _routable(group) if group else []
    if group is None or not targets:
        return None
    group.turn += 1
    return targets[group.turn % len(targets)]


def _host(authority: str) -> str:
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:  # no host at all: only a default action can answer it
        return ""


def _group(forward: Forward, store: Store) -> TargetGroup | None:
    arns = [arn for arn, _ in forward.groups]
    weights = [weight for _, weight in forward.groups]
    if not sum(weights):
        return None
    return store.groups.get(random.choices(arns, weights)[0])  # noqa: S311 - a share, no secret


def _routable(group: TargetGroup) -> list[Target]:
    """The healthy ones; when none is, an ALB fails open and tries the unhealthy."""
    targets = list(group.targets.values())
    healthy = [target for target in targets if target.state is State.HEALTHY]
    return healthy or [target for target in targets if target.state is State.UNHEALTHY]
