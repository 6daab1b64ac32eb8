"""A load balancer after a restart: it sends where it sent, checks on its targets, drains."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localaws.asking import HOST, stand_behind, who
from tests.localaws.balancing import Place
from tests.localaws.standing import serving


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def test_it_sends_where_it_sent_and_checks_go_on(place: Place) -> None:
    group = place.group()
    place.rule(1, group, HOST)
    with serving("one") as one, serving("two") as two:
        stand_behind(place, group, one, two)

        place.restart()
        answered = {who(place) for _ in range(4)}
        one.health = 500

        assert answered == {"one", "two"}
        place.until(group, one.port, "unhealthy")
        assert {who(place) for _ in range(4)} == {"two"}


def test_what_drained_is_gone_in_the_end(place: Place) -> None:
    group = place.group(delay=1)
    place.rule(1, group, HOST)
    with serving("one") as one, serving("two") as two:
        stand_behind(place, group, one, two)
        place.deregister(group, one.port)

        place.restart()

        assert {who(place) for _ in range(4)} == {"two"}
        place.until(group, one.port, None)
