"""Targets from registration to the end, watched by real requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.elbv2.model import State, TargetHealth, Timing
from tests.localaws.balancing import QUICK, Place, free_port
from tests.localaws.standing import serving


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def test_a_new_target_is_healthy_at_its_first_pass(place: Place) -> None:
    group = place.group()
    place.rule(1, group, "hello.localhost")
    with serving() as server:
        place.register(group, server.port)
        first = place.state(group, server.port)
        place.until(group, server.port, "healthy")

        assert first in (
            TargetHealth(State.HEALTHY),
            TargetHealth(
                State.INITIAL,
                "Elb.RegistrationInProgress",
                "Target registration is in progress",
            ),
        )
        assert place.state(group, server.port) == TargetHealth(State.HEALTHY)
        assert server.checks == 1


def test_a_target_is_unused_until_a_rule_sends_to_its_group(place: Place) -> None:
    group = place.group()
    with serving() as server:
        place.register(group, server.port)
        before = place.state(group, server.port)
        rule = place.rule(1, group, "hello.localhost")
        place.until(group, server.port, "healthy")
        place.call("DeleteRule", RuleArn=rule)
        place.until(group, server.port, "unused")

    assert before == TargetHealth(
        State.UNUSED,
        "Target.NotInUse",
        "Target group is not configured to receive traffic from the load balancer",
    )


def test_a_target_that_answers_wrongly_is_unhealthy_and_says_with_what(place: Place) -> None:
    group = place.group()
    place.rule(1, group, "hello.localhost")
    with serving() as server:
        server.health = 503
        place.register(group, server.port)
        place.until(group, server.port, "unhealthy")

        assert place.state(group, server.port) == TargetHealth(
            State.UNHEALTHY,
            "Target.ResponseCodeMismatch",
            "Health checks failed with these codes: [503]",
        )


def test_one_failure_is_not_enough_and_one_pass_does_not_heal(place: Place) -> None:
    group = place.group(UnhealthyThresholdCount=2, HealthyThresholdCount=3)
    place.rule(1, group, "hello.localhost")
    with serving() as server:
        place.register(group, server.port)
        place.until(group, server.port, "healthy")
        server.health, before = 500, server.checks
        place.until(group, server.port, "unhealthy")
        failed = server.checks - before
        server.health, before = 200, server.checks
        place.until(group, server.port, "healthy")

        assert (failed, server.checks - before) == (2, 3)


def test_a_target_where_nobody_listens(place: Place) -> None:
    group, port = place.group(), free_port()
    place.rule(1, group, "hello.localhost")

    place.register(group, port)
    place.until(group, port, "unhealthy")

    assert place.state(group, port) == TargetHealth(
        State.UNHEALTHY, "Target.FailedHealthChecks", "Health checks failed"
    )


def test_a_target_that_does_not_answer(place: Place) -> None:
    group = place.group(HealthCheckPath="/held")
    place.rule(1, group, "hello.localhost")
    with serving() as server:
        place.register(group, server.port)
        place.until(group, server.port, "unhealthy", seconds=8)

        assert place.state(group, server.port) == TargetHealth(
            State.UNHEALTHY, "Target.Timeout", "Request timed out"
        )


def test_a_slow_start_has_the_patience_it_has_on_aws(tmp_path: Path) -> None:
    """It is looked at often, but its failures count only once an interval: 5 s here."""
    place = Place(tmp_path, Timing(first_checks=0.02, interval_scale=1))
    group = place.group()
    place.rule(1, group, "hello.localhost")
    with serving() as server:
        server.health = 503
        place.register(group, server.port)
        while server.checks < 10:
            server.entered.wait(0.02)
        waiting = place.state(group, server.port)
        server.health = 200
        place.until(group, server.port, "healthy", seconds=1)
    place.close()

    assert waiting is not None
    assert waiting.state is State.INITIAL


def test_codes_and_port_of_the_check_are_the_groups(place: Place) -> None:
    with serving() as server, serving() as checked:
        checked.health = 302
        group = place.group(Matcher={"HttpCode": "200,300-399"}, HealthCheckPort=str(checked.port))
        place.rule(1, group, "hello.localhost")
        place.register(group, server.port)
        place.until(group, server.port, "healthy")

        assert (server.checks, checked.checks) == (0, 1)


def test_a_target_leaves_at_once_where_nothing_was_sent_to_it(place: Place) -> None:
    group = place.group()
    with serving() as server:
        place.register(group, server.port)
        place.deregister(group, server.port)

        assert place.state(group, server.port) is None


def test_a_draining_target_that_is_registered_again_starts_anew(place: Place) -> None:
    group = place.group()
    place.rule(1, group, "hello.localhost")
    with serving() as server:
        place.register(group, server.port)
        place.until(group, server.port, "healthy")
        place.deregister(group, server.port)
        draining = place.state(group, server.port)
        place.register(group, server.port)
        place.until(group, server.port, "healthy")

        assert draining == TargetHealth(
            State.DRAINING,
            "Target.DeregistrationInProgress",
            "Target deregistration is in progress",
        )
        server.entered.wait(QUICK.shortest_drain * 3)  # the first drain's end takes nothing away
        assert place.state(group, server.port) == TargetHealth(State.HEALTHY)


def test_a_deleted_group_is_no_longer_watched(place: Place) -> None:
    group = place.group()
    rule = place.rule(1, group, "hello.localhost")
    with serving() as server:
        place.register(group, server.port)
        place.until(group, server.port, "healthy")
        place.call("DeleteRule", RuleArn=rule)
        place.call("DeleteTargetGroup", TargetGroupArn=group)
        server.entered.wait(0.2)
        seen = server.checks
        server.entered.wait(0.3)

        assert server.checks == seen
