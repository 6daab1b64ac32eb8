"""Capacity provider strategies: what makes a good one, and whose turn it is. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from localaws.ecs.capacity.provider import FARGATE
from localaws.ecs.names import short
from localaws.ecs.refusals import invalid

Item = dict[str, Any]
MOST = 20
MIXED = (
    "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling "
    "groups and Fargate providers. Specify one or the other and try again."
)
STRANGER = (
    "The specified capacity provider strategy cannot contain a capacity provider that is not "
    "associated with the cluster. Associate the capacity provider with the cluster or specify a "
    "valid capacity provider and try again."
)
WEIGHTLESS = (
    "There are no capacity providers with a weight value greater than zero defined in the {which} "
    "capacity provider strategy. At least one capacity provider must have a weight value greater "
    "than zero specified. {remedy} and try again."
)
OF_CLUSTER = (
    "default",
    "Update the cluster's default capacity provider strategy or specify a valid capacity provider "
    "strategy",
)
GIVEN = ("specified", "Specify a valid capacity provider strategy")


def whole(items: Sequence[Mapping[str, Any]], associated: Collection[str]) -> list[Item]:
    """By names, with weights and bases; raises AwsError. `associated` are the cluster's."""
    found = [
        {
            "capacityProvider": short(one["capacityProvider"]),
            "weight": one.get("weight", 0),
            "base": one.get("base", 0),
        }
        for one in items
    ]
    names = [one["capacityProvider"] for one in found]
    if len(names) > MOST:
        raise invalid(f"A capacity provider strategy can contain at most {MOST} providers.")
    if len(set(names)) < len(names):
        raise invalid("A capacity provider can be specified only once in a strategy.")
    if any(name not in associated for name in names):
        raise invalid(STRANGER)
    if len({name in FARGATE for name in names}) > 1:
        raise invalid(MIXED)
    if sum(bool(one["base"]) for one in found) > 1:
        raise invalid("Only one capacity provider in a strategy can have a base defined.")
    return found


def check_weights(items: Sequence[Item], *, of_cluster: bool) -> None:
    """Of a strategy by which tasks are to be placed."""
    if items and not any(one["weight"] for one in items):
        which, remedy = OF_CLUSTER if of_cluster else GIVEN
        raise invalid(WEIGHTLESS.format(which=which, remedy=remedy))


def next_provider(items: Sequence[Item], counts: Mapping[str, int]) -> str:
    """Bases first; then who is furthest behind its weight. `counts` are tasks by provider."""
    for one in items:
        if counts.get(one["capacityProvider"], 0) < one["base"]:
            return str(one["capacityProvider"])

    def share(one: Item) -> float:
        beyond = counts.get(one["capacityProvider"], 0) - one["base"]
        return float((beyond + 1) / one["weight"])

    return str(min((one for one in items if one["weight"]), key=share)["capacityProvider"])
