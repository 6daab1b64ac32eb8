from dataclasses import dataclass

from localaws.ecs.model import Target
from localaws.ecs.services.backoff import Backoff
from localaws.ecs.services.health import Health, judge

TARGET = Target("group", "i-1", 61000)


@dataclass(frozen=True)
class Answer:
    state: str
    reason: str | None = None
    description: str | None = None


def test_behind_a_load_balancer_a_task_serves_once_its_target_is_healthy() -> None:
    assert judge([(TARGET, Answer("healthy"))], running_for=0, grace=0).serves
    for state in ("initial", "draining", "unused", "unhealthy"):
        assert not judge([(TARGET, Answer(state))], running_for=60, grace=0).serves
    assert not judge([(TARGET, None)], running_for=60, grace=0).serves


def test_an_unhealthy_target_costs_its_task_but_not_in_the_grace_period() -> None:
    targets = [(TARGET, Answer("unhealthy", description="Health checks failed"))]

    assert judge(targets, running_for=5, grace=10).sick is None
    assert judge(targets, running_for=15, grace=10) == Health(False, TARGET, "Health checks failed")


def test_without_a_load_balancer_a_task_serves_when_it_has_lasted_a_moment() -> None:
    assert not judge([], running_for=0.5, grace=0).serves
    assert judge([], running_for=1.5, grace=0).serves


def test_each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    backoff, waits = Backoff(), []
    for _ in range(20):
        backoff = backoff.failed(now=0)
        waits.append(backoff.until)

    assert waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == 900
    assert not backoff.lets_start(899)
    assert backoff.lets_start(900)
