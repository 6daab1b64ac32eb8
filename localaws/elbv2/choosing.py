"""Which target gets a request: by its cookies, by weight, by the group's algorithm."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from localaws.elbv2 import stickiness
from localaws.elbv2.conditions import Seen
from localaws.elbv2.model import Forward, State, Target, TargetGroup
from localaws.elbv2.store import Store

FIRST_SHARE = 0.05  # of a target whose slow start has just begun


@dataclass(frozen=True)
class Choice:
    group: TargetGroup
    target: Target


def choose(forward: Forward, store: Store, seen: Seen, now: datetime) -> Choice | None:
    """None if there is none to send to."""
    group = _group(forward, store, stickiness.cookies(seen))
    if group is None:
        return None
    targets = _routable(group)
    if not targets:
        return None
    target = stickiness.target(group, targets, stickiness.cookies(seen))
    return Choice(group, target or _by_algorithm(group, targets, now))


def _group(forward: Forward, store: Store, cookies: dict[str, str]) -> TargetGroup | None:
    arns = [arn for arn, _ in forward.groups]
    weights = [weight for _, weight in forward.groups]
    if not sum(weights):
        return None
    chosen = stickiness.group(forward, cookies) or random.choices(arns, weights)[0]  # noqa: S311
    return store.state.groups.get(chosen)


def _routable(group: TargetGroup) -> list[Target]:
    """The healthy ones; when none is, an ALB fails open and tries the unhealthy."""
    targets = list(group.targets.values())
    healthy = [target for target in targets if target.state is State.HEALTHY]
    return healthy or [target for target in targets if target.state is State.UNHEALTHY]


def _by_algorithm(group: TargetGroup, targets: list[Target], now: datetime) -> Target:
    match group.attributes["load_balancing.algorithm.type"]:
        case "least_outstanding_requests":
            least = min(target.in_flight for target in targets)
            targets = [target for target in targets if target.in_flight == least]
        case "weighted_random":
            return random.choice(targets)  # noqa: S311 - a share, no secret
    shares = [_share(group, target, now) for target in targets]
    if len(set(shares)) > 1:
        return random.choices(targets, shares)[0]  # noqa: S311 - as above
    group.turn += 1
    return targets[group.turn % len(targets)]


def _share(group: TargetGroup, target: Target, now: datetime) -> float:
    """Of a target in its slow start, less than 1, growing."""
    duration = float(group.attributes["slow_start.duration_seconds"])
    if not duration or target.healthy_since is None:
        return 1.0
    elapsed = (now - target.healthy_since).total_seconds()
    return min(1.0, max(FIRST_SHARE, elapsed / duration))
