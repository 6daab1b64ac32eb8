from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from localaws.ecs.model import Target
from localaws.ecs.services.backoff import Backoff
from localaws.ecs.services.health import Health, judge

NOW = datetime(2026, 11, 25, tzinfo=UTC)
TARGET = Target("group", "i-1", 61000)


@dataclass(frozen=True)
class Answer:
    state: str
    reason: str | None = None
    description: str | None = None


def test_behind_a_load_balancer_a_task_serves_once_its_target_is_healthy() -> None:
    assert judge([(TARGET, Answer("healthy"))], None, 0, grace=0, settles=1).serves
    for state in ("initial", "draining", "unused", "unhealthy"):
        assert not judge([(TARGET, Answer(state))], None, 60, grace=0, settles=1).serves
    assert not judge([(TARGET, None)], None, 60, grace=0, settles=1).serves


def test_an_unhealthy_target_costs_its_task_but_not_in_the_grace_period() -> None:
    targets = [(TARGET, Answer("unhealthy", description="Health checks failed"))]

    late = judge(targets, None, 15, grace=10, settles=1)

    assert judge(targets, None, 5, grace=10, settles=1) == Health(False, ails=True)
    assert late == Health(False, TARGET, "Health checks failed")
    assert late.fails


def test_without_a_load_balancer_a_task_serves_when_it_has_lasted_a_moment() -> None:
    assert not judge([], None, 39, grace=0, settles=40).serves
    assert judge([], None, 40, grace=0, settles=40).serves


def test_with_container_health_checks_a_task_serves_when_all_checks_pass() -> None:
    healthy, initial = [(TARGET, Answer("healthy"))], [(TARGET, Answer("initial"))]

    assert judge([], "HEALTHY", 0, grace=0, settles=40).serves
    assert judge(healthy, "HEALTHY", 0, grace=0, settles=40).serves
    for targets, containers in (([], "UNKNOWN"), (healthy, "UNKNOWN"), (initial, "HEALTHY")):
        found = judge(targets, containers, 60, grace=0, settles=40)
        assert (found.serves, found.fails) == (False, False)


def test_unhealthy_containers_cost_their_task_but_not_in_the_grace_period() -> None:
    early, late = (judge([], "UNHEALTHY", age, grace=10, settles=1) for age in (9, 10))

    assert (early.serves, early.fails, early.ails) == (False, False, True)
    assert (late.serves, late.fails, late.contained) == (False, True, False)


def seconds(backoff: Backoff) -> float:
    assert backoff.until
    return (backoff.until - NOW).total_seconds()


def test_a_task_that_never_ran_doubles_the_wait_up_to_27_minutes() -> None:
    backoff, waits = Backoff(), []
    for _ in range(20):
        backoff = backoff.never_ran(NOW)
        waits.append(seconds(backoff))

    assert waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == 27 * 60
    assert not backoff.lets_start(NOW + timedelta(minutes=26))
    assert backoff.lets_start(NOW + timedelta(minutes=27))


def test_a_task_that_ran_is_never_held_back_for_long() -> None:
    backoff = Backoff()
    for _ in range(20):
        backoff = backoff.crashed(NOW)

    assert (backoff.unborn, seconds(backoff)) == (0, 2)


def test_a_task_that_runs_ends_the_series_of_those_that_never_ran() -> None:
    assert Backoff().never_ran(NOW).never_ran(NOW).ran().unborn == 0
