import pytest

from localaws.ecs.services.percentages import breaker_threshold, can_roll, ceiling, floor


def test_the_floor_rounds_up_and_the_ceiling_down() -> None:
    assert floor(2, 75) == 2
    assert ceiling(3, 125) == 3
    assert (floor(4, 50), ceiling(4, 200)) == (2, 8)
    assert (floor(0, 100), ceiling(0, 200)) == (0, 0)


@pytest.mark.parametrize(
    ("desired", "least", "most", "moves"),
    [
        (4, 100, 100, False),
        (1, 50, 150, False),
        (2, 75, 125, False),
        (3, 100, 125, False),
        (1, 0, 100, True),
        (1, 100, 200, True),
        (0, 100, 100, True),
    ],
)
def test_a_rollout_moves_only_if_it_may_start_one_or_stop_one(
    desired: int, least: int, most: int, moves: bool
) -> None:
    assert can_roll(desired, least, most) is moves


@pytest.mark.parametrize(("desired", "threshold"), [(1, 3), (10, 5), (25, 13), (1000, 200)])
def test_by_default_the_breaker_opens_at_half_of_what_is_desired_within_bounds(
    desired: int, threshold: int
) -> None:
    assert breaker_threshold({"enable": True}, desired) == threshold


def test_the_breaker_opens_where_it_is_told_to() -> None:
    def chosen(kind: str, value: int) -> dict[str, object]:
        return {"thresholdConfiguration": {"type": kind, "value": value}}

    assert breaker_threshold(chosen("COUNT", 5), desired=100) == 5
    assert breaker_threshold(chosen("BOUNDED_PERCENT", 10), desired=10) == 3
    assert breaker_threshold(chosen("UNBOUNDED_PERCENT", 10), desired=10) == 1
