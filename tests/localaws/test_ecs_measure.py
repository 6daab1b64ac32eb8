"""CapacityProviderReservation, reckoned."""

import pytest

from localaws.autoscaling.tracking import tracked
from localaws.ecs.capacity.measure import Demand, lacking, reservation

STEPS = {"minimumScalingStepSize": 1, "maximumScalingStepSize": 10000}


@pytest.mark.parametrize(
    ("running", "busy", "missing", "found"),
    [(0, 0, 0, 100), (0, 0, 1, 200), (0, 0, 9, 200), (4, 4, 0, 100), (4, 2, 0, 50), (4, 1, 2, 150)],
)
def test_what_is_needed_of_what_there_is(
    running: int, busy: int, missing: int, found: float
) -> None:
    assert reservation(running, busy, missing) == found


def test_what_fits_nowhere_leaves_it_at_rest() -> None:
    assert reservation(4, 1, 0, hopeless=True) == 100


@pytest.mark.parametrize(
    ("demands", "found"),
    [
        ([], 0),
        ([Demand(1, 256, 512)], 1),
        ([Demand(9, 256, 512)], 2),
        ([Demand(9, 256, 512), Demand(3, 0, 4096)], 3),
        ([Demand(3, 0, 16, alone=True)], 3),
        ([Demand(3, 0, 8192)], 0),
        ([Demand(3, 0, 8192), Demand(1, 0, 16)], 1),
    ],
)
def test_the_tasks_that_need_most_are_counted(demands: list[Demand], found: int) -> None:
    assert lacking(demands, 2048, 4096, STEPS) == found


def test_steps_bound_what_is_added() -> None:
    steps = {"minimumScalingStepSize": 2, "maximumScalingStepSize": 3}

    found = [lacking([Demand(count, 0, 4096)], 2048, 4096, steps) for count in (1, 2, 3, 9)]

    assert found == [2, 2, 3, 3]


@pytest.mark.parametrize(
    ("serving", "value", "target", "found"),
    [(0, 200, 100, 2), (4, 150, 100, 6), (3, 200 / 3, 100, 2), (2, 50, 50, 2), (1, 100, 50, 2)],
)
def test_a_group_is_made_as_large_as_its_target_wants(
    serving: int, value: float, target: float, found: int
) -> None:
    assert tracked(serving, value, target) == found
