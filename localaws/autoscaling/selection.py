"""Where a group launches next, and whom it terminates first. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from localaws.autoscaling.model import Member

POLICIES = (
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
)
_DEFAULT = ("AllocationStrategy", "OldestLaunchTemplate", "ClosestToNextInstanceHour")


def zone_to_launch(zones: Sequence[str], present: Iterable[Member]) -> list[str]:
    """Those with the fewest first: where one has no capacity the next is tried."""
    counts = Counter(one.zone for one in present)
    return sorted(zones, key=lambda zone: (counts[zone], zones.index(zone)))


def to_terminate(
    members: Sequence[Member], policies: Sequence[str], count: int, now: float
) -> list[Member]:
    """Never a protected one. The fullest zone gives first, then the policies decide in order.

    `now` is the epoch's, by which an hour of an instance ends.
    """
    left, chosen = list(members), list[Member]()
    while len(chosen) < count:
        open_ = [one for one in left if not one.protected]
        if not open_:
            break
        counts = Counter(one.zone for one in left)
        most = max(counts[one.zone] for one in open_)
        candidates = [one for one in open_ if counts[one.zone] == most]
        for policy in _spelt_out(policies):
            candidates = _prefer(policy, candidates, now)
        chosen.append(random.choice(candidates))  # noqa: S311  AWS promises nothing better
        left.remove(chosen[-1])
    return chosen


def _spelt_out(policies: Sequence[str]) -> list[str]:
    return [each for one in policies for each in (_DEFAULT if one == "Default" else (one,))]


def _prefer(policy: str, candidates: list[Member], now: float) -> list[Member]:
    """Those that the policy holds equally first."""
    keys: dict[str, Callable[[Member], Any]] = {
        "OldestInstance": lambda one: one.launched_at,
        "NewestInstance": lambda one: -one.launched_at.timestamp(),
        "OldestLaunchTemplate": lambda one: int(one.template.get("Version", 0)),
        "ClosestToNextInstanceHour": lambda one: 3600 - (now - one.launched_at.timestamp()) % 3600,
    }
    key = keys.get(policy)
    if key is None:  # no launch configurations here, and no mixed instances to allocate
        return candidates
    best = min(map(key, candidates))
    return [one for one in candidates if key(one) == best]
