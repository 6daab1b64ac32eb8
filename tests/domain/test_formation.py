from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import DomainError, Invalid, NotFound
from app.domain.formation import (
    MAX_QUANTITY,
    SIZES,
    Allotment,
    Change,
    initial,
    scale,
    size_named,
)

names = st.sampled_from(["web", "worker", "clock"])
quantities = st.integers(0, MAX_QUANTITY)
sizes = st.sampled_from(sorted(SIZES))
allotments = st.builds(Allotment, quantities, sizes)
formations = st.dictionaries(names, allotments)
changes = st.builds(
    Change,
    names,
    quantity=st.none() | st.integers(-2, MAX_QUANTITY + 2),
    delta=st.integers(-MAX_QUANTITY, MAX_QUANTITY),
    size=st.none() | sizes | st.just("standard-2X"),
)


@given(formations, st.lists(changes, max_size=4))
def test_every_scale_is_in_range_or_refused(
    formation: dict[str, Allotment], asked: list[Change]
) -> None:
    try:
        scaled = scale(formation, asked)
    except DomainError:
        return

    assert set(scaled) == {change.process_type for change in asked} <= set(formation)
    assert all(0 <= to.quantity <= MAX_QUANTITY and to.size in SIZES for to in scaled.values())


@given(formations, names, sizes)
def test_what_is_absent_is_left_alone(
    formation: dict[str, Allotment], name: str, size: str
) -> None:
    if name in formation:
        now = formation[name]

        assert scale(formation, [Change(name)]) == {name: now}
        assert scale(formation, [Change(name, size=size)]) == {name: Allotment(now.quantity, size)}
        assert scale(formation, [Change(name, quantity=3)]) == {name: Allotment(3, now.size)}


@given(quantities, st.lists(st.integers(-5, 5), max_size=5))
def test_deltas_add_up(start: int, deltas: list[int]) -> None:
    formation = {"web": Allotment(start, "1X")}
    try:
        scaled = scale(formation, [Change("web", delta=delta) for delta in deltas])
    except Invalid:
        return

    assert scaled.get("web", formation["web"]).quantity == start + sum(deltas)


def test_an_unknown_process_type_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="process type named wbe"):
        scale({"web": Allotment(1, "1X")}, [Change("wbe", quantity=2)])


@pytest.mark.parametrize(
    "change", [Change("web", -1), Change("web", 1001), Change("web", delta=-2)]
)
def test_an_absurd_quantity_is_refused(change: Change) -> None:
    with pytest.raises(Invalid, match="out of range: ask for 0 to 1000"):
        scale({"web": Allotment(1, "1X")}, [change])


@pytest.mark.parametrize(
    ("said", "meant"),
    [("1x", "1X"), ("standard-1x", "1X"), ("Standard-2X", "2X"), ("performance-m", "PX")],
)
def test_herokus_names_of_sizes_are_understood(said: str, meant: str) -> None:
    assert size_named(said).name == meant


def test_an_unknown_size_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="'4X'; use one of 1X, 2X, PX"):
        size_named("4X")


def test_at_first_web_runs_and_the_others_wait() -> None:
    assert initial(["web", "worker", "clock"]) == {"web": 1, "worker": 0, "clock": 0}
