from __future__ import annotations

import itertools

import pytest

from app.domain.errors import Conflict
from app.domain.operation import (
    RELEASING,
    TERMINAL,
    TRANSITIONS,
    OperationKind,
    OperationStatus,
    check_transition,
    is_terminal,
    overtakes,
)

K, S = OperationKind, OperationStatus
Types = frozenset[str]
WEB, WORKER, BOTH = frozenset({"web"}), frozenset({"worker"}), frozenset({"web", "worker"})


def test_every_status_has_a_row() -> None:
    assert set(TRANSITIONS) == set(OperationStatus)


@pytest.mark.parametrize("status", OperationStatus)
def test_every_path_can_end(status: OperationStatus) -> None:
    reached, frontier = {status}, {status}
    while frontier:
        frontier = set().union(*(TRANSITIONS[s] for s in frontier)) - reached
        reached |= frontier

    assert reached & TERMINAL


def test_no_path_goes_in_a_circle() -> None:
    settled = set(TERMINAL)
    while grown := {s for s, onward in TRANSITIONS.items() if onward <= settled} - settled:
        settled |= grown

    assert settled == set(OperationStatus)


def test_terminal_is_what_the_table_says_and_no_more() -> None:
    assert set(TERMINAL) == {
        S.SUCCEEDED,
        S.FAILED,
        S.TIMED_OUT,
        S.SUPERSEDED,
        S.CANCELLED,
        S.ROLLED_BACK,
        S.ROLLBACK_FAILED,
    }
    assert all(is_terminal(status) == (status in TERMINAL) for status in OperationStatus)


@pytest.mark.parametrize(("now", "to"), list(itertools.product(OperationStatus, repeat=2)))
def test_a_move_outside_the_table_is_refused(now: OperationStatus, to: OperationStatus) -> None:
    if to in TRANSITIONS[now]:
        check_transition(now, to)
    else:
        with pytest.raises(Conflict, match=f"that is {now} cannot become {to}"):
            check_transition(now, to)


class TestOvertakes:
    @pytest.mark.parametrize("old", OperationKind)
    def test_a_destroy_overtakes_everything(self, old: OperationKind) -> None:
        assert overtakes(K.DESTROY, frozenset(), old, WEB)

    @pytest.mark.parametrize(("new", "old"), list(itertools.product(sorted(RELEASING), repeat=2)))
    def test_the_newest_choice_of_what_to_run_is_the_one_that_counts(self, new: K, old: K) -> None:
        assert overtakes(new, frozenset(), old, frozenset())

    @pytest.mark.parametrize("old", [K.SCALE, K.RESTART, K.RENAME, K.DESTROY])
    @pytest.mark.parametrize("new", sorted(RELEASING))
    def test_a_release_leaves_all_else_alone(self, new: K, old: K) -> None:
        assert not overtakes(new, frozenset(), old, WEB)

    @pytest.mark.parametrize(
        ("new", "old", "pointless"),
        [(WEB, WEB, True), (WEB, WORKER, False), (WEB, BOTH, True), (BOTH, WEB, True)],
    )
    def test_a_scale_overtakes_one_that_names_a_type_of_its_own(
        self, new: Types, old: Types, pointless: bool
    ) -> None:
        assert overtakes(K.SCALE, new, K.SCALE, old) is pointless

    @pytest.mark.parametrize(
        ("new", "old", "pointless"),
        [(WEB, WEB, True), (WEB, WORKER, False), (WEB, BOTH, False), (BOTH, WEB, True)],
    )
    def test_a_restart_overtakes_one_that_it_covers(
        self, new: Types, old: Types, pointless: bool
    ) -> None:
        assert overtakes(K.RESTART, new, K.RESTART, old) is pointless

    @pytest.mark.parametrize("old", OperationKind)
    def test_a_rename_overtakes_renames_alone(self, old: OperationKind) -> None:
        assert overtakes(K.RENAME, frozenset(), old, frozenset()) is (old is K.RENAME)

    @pytest.mark.parametrize(("new", "old"), [(K.SCALE, K.RESTART), (K.RESTART, K.SCALE)])
    def test_scale_and_restart_do_not_meet(self, new: K, old: K) -> None:
        assert not overtakes(new, WEB, old, WEB)
