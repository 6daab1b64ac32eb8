import random

import pytest

from localaws.ecs.services.percentages import ceiling, floor
from localaws.ecs.services.scheduling import ServiceView, Step, TaskView, step


def task(
    name: str,
    deployment: str = "new",
    *,
    healthy: bool = True,
    zone: str = "a",
    sick: str | None = None,
    leaving: bool = False,
) -> TaskView:
    return TaskView(name, deployment, zone, float(len(name)), healthy, sick, leaving)


def decide(
    *tasks: TaskView,
    desired: int = 2,
    least: int = 100,
    most: int = 200,
    failed: bool = False,
    may_start: bool = True,
) -> Step:
    return step(ServiceView(desired, least, most, "new", failed, may_start, tasks))


def stopped(decision: Step) -> list[str]:
    return sorted(one.id for one in decision.stop)


def test_what_is_missing_starts() -> None:
    assert decide(task("one")).start == 1
    assert decide(desired=3).start == 3


def test_what_is_too_much_stops_the_unhealthy_first_then_from_the_fullest_zone() -> None:
    tasks = [task("a1"), task("a2"), task("b1", zone="b"), task("b2", zone="b", healthy=False)]

    assert stopped(decide(*tasks, desired=3)) == ["b2"]
    assert stopped(decide(*tasks, desired=2)) == ["a1", "b2"]


def test_an_old_task_stops_only_when_a_new_one_is_healthy() -> None:
    old = [task("o1", "old"), task("o2", "old")]

    assert decide(*old).start == 2
    assert stopped(decide(*old)) == []
    assert stopped(decide(*old, task("n1", healthy=False), task("n2", healthy=False))) == []
    assert len(stopped(decide(*old, task("n1"), task("n2", healthy=False)))) == 1


def test_with_no_room_above_an_old_task_stops_before_a_new_one_starts() -> None:
    decision = decide(task("o1", "old"), task("o2", "old"), least=50, most=100)

    assert (len(decision.stop), decision.start) == (1, 1)


def test_an_old_task_that_does_not_serve_stops_at_once() -> None:
    assert stopped(decide(task("o1", "old", healthy=False), task("o2", "old"))) == ["o1"]


def test_after_a_failed_rollout_nothing_starts_and_the_old_tasks_stay() -> None:
    old = [task("o1", "old"), task("o2", "old")]

    decision = decide(*old, task("n1"), failed=True)

    assert (stopped(decision), decision.start) == ([], 0)
    assert len(decide(*old, task("n1"), failed=True, desired=0).stop) == 3


def test_tasks_of_a_draining_instance_are_replaced_before_they_stop() -> None:
    leaving = task("one", leaving=True)

    assert decide(leaving, task("two")).start == 1
    assert stopped(decide(leaving, task("two"), task("three"))) == ["one"]


def test_a_sick_task_goes_and_another_comes() -> None:
    decision = decide(task("one"), task("two", healthy=False, sick="failed"))

    assert [one.id for one in decision.sick] == ["two"]
    assert decision.start == 1


def test_backing_off_nothing_starts() -> None:
    assert decide(task("one"), may_start=False).start == 0


def test_percentages_that_allow_no_move_are_stuck() -> None:
    assert decide(task("old-one", "old"), desired=1, least=50, most=150).stuck
    assert not decide(task("old-one", "old"), desired=1).stuck
    assert not decide(task("one"), desired=1, least=50, most=150).stuck


@pytest.mark.parametrize("seed", range(40))
def test_no_rollout_ever_leaves_its_bounds_and_each_one_that_can_ends(seed: int) -> None:
    chance = random.Random(seed)
    desired = chance.randint(1, 8)
    least, most = chance.choice([(100, 200), (50, 100), (50, 200), (0, 100), (100, 150)])
    tasks = [task(f"old-{number}", "old") for number in range(desired)]
    low, high = floor(desired, least), ceiling(desired, most)
    if high <= desired <= low:
        return

    for number in range(200):
        decision = decide(*tasks, desired=desired, least=least, most=most)
        tasks = [one for one in tasks if one not in decision.stop]
        tasks += [task(f"new-{number}-{n}", healthy=False) for n in range(decision.start)]
        assert low <= sum(one.healthy for one in tasks)
        assert len(tasks) <= high
        starting = [one for one in tasks if not one.healthy]
        if starting and chance.random() < 0.7:
            well = chance.choice(starting)
            tasks[tasks.index(well)] = task(well.id)

    assert {one.deployment for one in tasks} == {"new"}
    assert len(tasks) == desired
