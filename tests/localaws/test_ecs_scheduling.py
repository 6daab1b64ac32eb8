import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from localaws.ecs.services.percentages import ceiling, floor
from localaws.ecs.services.scheduling import Condition, ServiceView, Step, TaskView, step


def task(
    name: str,
    deployment: str = "new",
    *,
    healthy: bool = True,
    sick: bool = False,
    zone: str = "a",
    leaving: bool = False,
    protected: bool = False,
) -> TaskView:
    condition = Condition.HEALTHY if healthy else Condition.STARTING
    condition = Condition.UNHEALTHY if sick else condition
    created, instance = float(len(name)), f"i-{zone}"
    return TaskView(name, deployment, zone, instance, created, condition, leaving, protected)


def decide(
    *tasks: TaskView, desired: int = 2, least: int = 100, most: int = 200, **more: object
) -> Step:
    return step(ServiceView(desired, least, most, "new", tasks, **more))


def names(tasks: Iterable[TaskView]) -> list[str]:
    return sorted(one.id for one in tasks)


def stopped(decision: Step) -> list[str]:
    return names(decision.stop)


def test_what_is_missing_starts() -> None:
    assert decide(task("one")).start == 1
    assert decide(desired=3).start == 3


def test_what_is_too_much_stops_those_that_do_not_serve_first_then_from_the_fullest_zone() -> None:
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


def test_after_a_failed_rollout_nothing_of_it_starts_and_the_old_tasks_stay() -> None:
    old = [task("o1", "old"), task("o2", "old")]

    decision = decide(*old, task("n1"), failed=True)

    assert (stopped(decision), decision.start) == ([], 0)
    assert len(decide(*old, task("n1"), failed=True, desired=0).stop) == 3


def test_tasks_of_a_draining_instance_are_replaced_before_they_stop() -> None:
    leaving = task("one", leaving=True)

    assert decide(leaving, task("two")).start == 1
    assert stopped(decide(leaving, task("two"), task("three"))) == ["one"]


def test_a_draining_instance_is_left_at_once_by_what_does_not_serve_yet() -> None:
    assert stopped(decide(task("one", leaving=True, healthy=False), task("two"))) == ["one"]


def test_an_unhealthy_task_is_replaced_first_and_stopped_after() -> None:
    sick = task("sick", sick=True)

    first = decide(sick, task("two"))
    waiting = decide(sick, task("two"), task("three", healthy=False))
    replaced = decide(sick, task("two"), task("three"))

    assert (names(first.sick), first.start) == ([], 1)
    assert (names(waiting.sick), waiting.start) == ([], 0)
    assert (names(replaced.sick), replaced.start) == (["sick"], 0)


def test_a_replacement_that_ails_in_its_grace_period_is_one_nevertheless() -> None:
    sick, ailing = task("sick", sick=True), replace(task("two", healthy=False), ails=True)

    decision = decide(sick, ailing, desired=1)

    assert (names(decision.sick), decision.start) == (["sick"], 0)


def test_a_replacement_that_is_unhealthy_too_makes_one_of_them_go() -> None:
    decision = decide(task("sick", sick=True), task("sicker", sick=True), task("two"))

    assert names(decision.sick) == ["sick"]


@pytest.mark.parametrize("limit", [{"most": 100, "least": 50}, {"no_room": True}])
def test_without_room_for_a_replacement_unhealthy_tasks_go_one_at_a_time(
    limit: dict[str, object],
) -> None:
    sick = [task("one", sick=True), task("three", sick=True)]

    assert names(decide(*sick, **limit).sick) == ["one"]
    assert names(decide(sick[1], task("starting", healthy=False), **limit).sick) == []


def test_what_is_lost_of_the_revision_that_serves_is_replaced_in_its_own_revision() -> None:
    left, new = task("o1", "old"), [task("n1", healthy=False), task("n2", healthy=False)]

    decision = decide(left, *new, standing="old", share=2)

    assert (decision.restore, decision.start, stopped(decision)) == (1, 0, [])
    assert decide(left, *new, standing="old", share=1).restore == 0
    assert decide(left, task("n1"), new[1], standing="old", share=2).restore == 0
    assert decide(left, *new, standing="old", share=2, most=150).restore == 0
    assert decide(left, standing="old", share=2, failed=True).restore == 1


def test_an_unhealthy_task_of_the_revision_that_serves_is_replaced_in_its_own_revision() -> None:
    sick, well = task("o1", "old", sick=True), task("o2", "old")
    new = task("n1", healthy=False)

    first = decide(sick, well, new, standing="old", share=2)
    replaced = decide(sick, well, task("o3", "old"), new, standing="old", share=2)

    assert (names(first.sick), first.restore, first.start) == ([], 1, 0)
    assert names(replaced.sick) == ["o1"]


def test_a_task_that_is_protected_stays_in_scale_in_and_rollouts() -> None:
    protected = task("p", protected=True)

    assert stopped(decide(protected, task("two"), desired=1)) == ["two"]
    assert stopped(decide(protected, desired=0)) == []
    old = task("old", "old", protected=True)
    assert stopped(decide(old, task("n1"), task("n2"))) == []
    assert not decide(old, task("n1"), task("n2"), least=100, most=100).stuck


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
