"""When a fault acts: its time, its chance, how often; without any service."""

import asyncio
import random
from pathlib import Path

import pytest

from localaws.clock import VirtualClock
from localaws.faults.asked import read
from localaws.faults.fault import Kind
from localaws.faults.faults import Faults
from localaws.faults.kinds import KINDS, instances, tasks


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def faults(clock: VirtualClock) -> Faults:
    return Faults(clock, random.Random(1))


def test_every_kind_is_declared() -> None:
    assert list(KINDS) != []
    assert all(one.meaning.endswith(".") for one in KINDS.values())


def test_every_kind_is_in_the_readme() -> None:
    page = (Path(__file__).parents[2] / "localaws" / "README.md").read_text()
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    told = {name.strip("` "): row[3].strip() for row in rows for name in row[1].split(",")}

    named = {tasks.FACTS: "a container's", instances.FACTS: "an instance's"}
    facts = {kind: named.get(one.facts, ", ".join(one.facts)) for kind, one in KINDS.items()}
    assert {name: told.get(name) for name in facts} == facts


def test_it_acts_from_then_until_then(clock: VirtualClock, faults: Faults) -> None:
    faults.begin(read({"kind": "stack", "at": "30s", "for": "2m"}))
    acted = []

    async def look() -> None:
        for seconds in (0, 29, 1, 119, 1):
            await clock.advance(seconds)
            acted.append(faults.first(Kind.STACK) is not None)

    asyncio.run(look())

    assert acted == [False, False, True, True, False]
    assert faults.begun() == []


def test_it_concerns_what_it_matches(faults: Faults) -> None:
    faults.begin(read({"kind": "stack", "match": {"stack": "app-*"}}))

    assert faults.first(Kind.STACK, stack="app-1", resource="Web")
    assert faults.first(Kind.STACK, stack="cluster") is None
    assert faults.first(Kind.STACK) is None


def test_the_oldest_acts_alone_and_all_act_together(faults: Faults) -> None:
    old, new = (faults.begin(read({"kind": "stack", "id": name})) for name in ("old", "new"))

    assert faults.first(Kind.STACK) is old
    assert list(faults.all(Kind.STACK)) == [old, new]
    assert (old.hits, new.hits) == (2, 1)


def test_it_acts_so_often_and_is_over(faults: Faults) -> None:
    faults.begin(read({"kind": "stack", "times": 2}))

    assert [faults.first(Kind.STACK) is not None for _ in range(3)] == [True, True, False]
    assert faults.acting() == []


def test_it_acts_by_chance(faults: Faults) -> None:
    fault = faults.begin(read({"kind": "stack", "probability": 0.25}))

    acted = sum(faults.first(Kind.STACK) is not None for _ in range(1000))

    assert acted == fault.hits
    assert 200 < acted < 300


def test_looking_is_no_hit(faults: Faults) -> None:
    fault = faults.begin(read({"kind": "stack", "times": 1}))

    assert faults.concerning(Kind.STACK) == [fault]
    assert fault.hits == 0
