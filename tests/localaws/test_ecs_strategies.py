"""Capacity provider strategies, by themselves: whose turn it is, and what is no strategy."""

from collections import Counter
from typing import Any

import pytest

from localaws.ecs.capacity.strategy import check_weights, next_provider, whole
from localaws.wire import AwsError

Item = dict[str, Any]


def item(name: str, weight: int = 0, base: int = 0) -> Item:
    return {"capacityProvider": name, "weight": weight, "base": base}


def spread(count: int, *items: Item) -> dict[str, int]:
    counts = Counter[str]()
    for _ in range(count):
        counts[next_provider(items, counts)] += 1
    return dict(counts)


@pytest.mark.parametrize(
    ("items", "count", "found"),
    [
        ([item("a", 1), item("b", 1)], 4, {"a": 2, "b": 2}),
        ([item("a", 1), item("b", 4)], 5, {"a": 1, "b": 4}),
        ([item("a", 1, base=3), item("b", 1)], 3, {"a": 3}),
        ([item("a", 1, base=3), item("b", 1)], 7, {"a": 5, "b": 2}),
        ([item("a", 0, base=2), item("b", 1)], 5, {"a": 2, "b": 3}),
        ([item("a", 0), item("b", 1)], 3, {"b": 3}),
    ],
)
def test_bases_come_first_then_weights(
    items: list[Item], count: int, found: dict[str, int]
) -> None:
    assert spread(count, *items) == found


def test_a_strategy_is_made_whole() -> None:
    given = [{"capacityProvider": "arn:aws:ecs:us-east-1:1:capacity-provider/a", "weight": 2}]

    assert whole(given, ["a"]) == [item("a", 2)]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([item("c", 1)], "not associated with the cluster"),
        ([item("a", 1), item("FARGATE", 1)], "cannot contain a mix"),
        ([item("a", 1), item("a", 2)], "only once"),
        ([item("a", 1, base=1), item("b", 1, base=1)], "can have a base"),
    ],
)
def test_what_is_no_strategy(items: list[Item], words: str) -> None:
    with pytest.raises(AwsError) as refused:
        whole(items, ["a", "b", "FARGATE"])

    assert words in refused.value.message


def test_tasks_are_placed_only_by_weight() -> None:
    check_weights([item("a", 1), item("b")], of_cluster=False)
    with pytest.raises(AwsError):
        check_weights([item("a"), item("b")], of_cluster=False)
