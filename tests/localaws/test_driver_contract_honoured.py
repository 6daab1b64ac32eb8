"""What only some drivers give, held to by each that says so."""

import pytest

from localaws.drivers.driver import Feature
from tests.localaws.driving import Drive, Harness, drive, honouring


def of(feature: Feature) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("harness", honouring(feature), indirect=True)


@of(Feature.MEMORY)
def test_over_its_memory_limit_it_is_killed_and_known_to_be(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        greedy = await on.launch(command=["tail", "/dev/zero"], memory=16)
        assert await greedy.wait() == 137
        assert greedy.out_of_memory

    drive(harness, story)


@of(Feature.USER)
def test_it_runs_as_the_user_it_is_told(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        assert await (await on.launch(command=["id", "-u"], user="1234")).wait() == 0
        assert on.lines == ["1234"]

    drive(harness, story)


@of(Feature.FILES)
def test_what_it_writes_is_its_own(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        script = "ls /; touch /written; ls /"
        for _ in range(2):
            on.lines.clear()
            assert await (await on.launch(command=["sh", "-c", script])).wait() == 0
            assert on.lines.count("app") == 2
            assert on.lines.count("written") == 1

    drive(harness, story)
