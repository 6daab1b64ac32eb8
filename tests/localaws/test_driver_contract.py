"""What every driver does alike: the contract that ECS relies on."""

import asyncio
import signal

import httpx2
import pytest

from localaws.drivers.driver import DID_NOT_END, Feature, Port, PullFailed, StartFailed
from tests.localaws.driving import (
    Does,
    Drive,
    Harness,
    drive,
    end,
    honouring,
)

ANY, FIXED = Port(8080), Port(8080, 23_456)
programs = pytest.mark.parametrize("harness", honouring(Feature.PROGRAMS), indirect=True)


@pytest.mark.parametrize("code", [0, 3])
def test_a_container_ends_with_its_code_for_all_who_wait(harness: Harness, code: int) -> None:
    async def story(on: Drive) -> None:
        running = await on.does(Does(exits=code))
        assert await asyncio.gather(running.wait(), running.wait()) == [code, code]
        assert await running.wait() == code
        assert not running.out_of_memory
        await running.signal(signal.SIGTERM)  # which nobody hears any more

    drive(harness, story)


def test_its_output_comes_line_by_line_and_all_of_it(harness: Harness) -> None:
    said = [f"line {number}" for number in range(200)] + ["", "  the last  "]

    async def story(on: Drive) -> None:
        assert await (await on.does(Does(says=said, exits=0))).wait() == 0
        assert on.lines == said

    drive(harness, story)


def test_it_is_stopped_as_it_wishes_or_killed(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        polite = await on.running(Does(stops=7))
        await polite.signal(signal.SIGTERM)
        assert await polite.wait() == 7

        on.lines.clear()
        deaf = await on.running(Does(stops=None), "two")
        await deaf.signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(deaf.wait(), 0.3)
        await deaf.signal(signal.SIGKILL)
        assert await deaf.wait() == 137
        assert not deaf.out_of_memory

    drive(harness, story)


def test_it_answers_at_a_port_of_its_instance_that_nobody_else_has(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        one, two = [
            await on.launch(name, ports=[ANY], **harness.serving()) for name in ("one", "two")
        ]
        [first], [second] = one.ports, two.ports
        assert first.container == second.container == ANY.container
        assert 0 < first.host != second.host > 0
        await until_answers(on, first)
        await until_answers(on, second)

        assert await end(one) == 137
        with pytest.raises((ConnectionRefusedError, httpx2.ConnectError)):
            await status(on, first)

    drive(harness, story)


def test_a_fixed_port_is_for_one_at_a_time(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        one = await on.launch(ports=[FIXED], **harness.serving())
        assert list(one.ports) == [FIXED]
        await until_answers(on, FIXED)
        with pytest.raises(StartFailed, match=r"already (in use|allocated)"):
            await on.launch("two", ports=[FIXED], **harness.serving())

        await end(one)
        again = await on.launch("three", ports=[FIXED], **harness.serving())
        assert list(again.ports) == [FIXED]

    drive(harness, story)


def test_an_image_is_the_same_each_time_and_a_missing_one_is_said_to_be(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        reference = harness.image()
        first, again = await asyncio.gather(on.driver.pull(reference), on.driver.pull(reference))
        by_digest = reference.rpartition(":")[0] + "@" + first.digest
        assert first.digest == again.digest == (await on.driver.pull(by_digest)).digest
        with pytest.raises(PullFailed, match="manifest unknown"):
            await on.driver.pull(harness.missing())

    drive(harness, story)


def test_a_command_is_executed_in_it_for_as_long_as_it_runs(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        running = await on.running(Does())
        assert await running.execute(["true"], 20) == 0
        await end(running)
        assert await running.execute(["true"], 20) == DID_NOT_END

    drive(harness, story)


def test_limits_labels_and_a_user_never_keep_it_from_starting(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        limits = {"cpu": 512, "memory": 64, "memory_reservation": 32, "user": "0"}
        running = await on.does(Does(exits=0), labels={"team": "a b"}, **limits)
        assert await running.wait() == 0

    drive(harness, story)


def test_a_stopped_driver_leaves_nothing_that_runs(harness: Harness) -> None:
    left = []

    async def story(on: Drive) -> None:
        left.append(await on.running(Does(stops=None)))
        await on.driver.stop()
        assert await left[0].wait() == 137
        await on.driver.start()
        labels = {"com.amazonaws.ecs.task-arn": "one"}
        assert await on.driver.adopt(labels, on.lines.append) is None
        await on.driver.end_unadopted()

    drive(harness, story)


@programs
def test_the_image_says_what_runs_unless_the_launch_does(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        say = 'echo "$GREETING $OWN $0 $*"; cat note'
        for settings, expected in (
            ({}, ["from the image"]),
            ({"command": ["echo", "mine"]}, ["mine"]),
            ({"entrypoint": ["echo"]}, [""]),  # it drops the image's command
            (
                {
                    "entrypoint": ["sh", "-c", say],
                    "command": ["main", "a b"],
                    "environment": {"OWN": "x=y"},
                },
                ["hello=you x=y main a b", "from the image"],
            ),
            (
                {
                    "command": ["sh", "-c", "echo $GREETING; ls"],
                    "environment": {"GREETING": "other"},
                    "working_directory": "/elsewhere",
                },
                ["other"],
            ),
        ):
            on.lines.clear()
            assert await (await on.launch(**settings)).wait() == 0  # type: ignore[arg-type]
            assert on.lines == expected

    drive(harness, story)


@programs
def test_what_cannot_start_is_said_as_docker_says_it(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        said = r'exec: "no-such-program": executable file not found in \$PATH'
        with pytest.raises(StartFailed, match=said):
            await on.launch(command=["no-such-program"])

    drive(harness, story)


@programs
def test_stdout_and_stderr_bad_bytes_and_a_last_line_without_an_end(harness: Harness) -> None:
    script = r"echo out; echo err >&2; printf 'a\377b\n'; printf '%050000d' 0; printf last"

    async def story(on: Drive) -> None:
        assert await (await on.launch(command=["sh", "-c", script])).wait() == 0
        *rest, last = [line for line in on.lines if line != "err"]
        assert (rest, len(on.lines)) == (["out", "a\N{REPLACEMENT CHARACTER}b"], 4)
        assert last == "0" * 50_000 + "last"

    drive(harness, story)


@programs
def test_an_executed_command_has_a_code_and_a_limit(harness: Harness) -> None:
    async def story(on: Drive) -> None:
        running = await on.running(Does(), environment={"OWN": "here"})
        looks = ["sh", "-c", 'test "$OWN" = here && test -e note && exit 3']
        assert await running.execute(looks, 20) == 3
        assert await running.execute(["no-such-program"], 20) in (126, 127)
        assert await running.execute(["sleep", "600"], 0.2) == DID_NOT_END

    drive(harness, story)


async def until_answers(on: Drive, port: Port) -> None:
    found: list[int] = []

    async def ask() -> None:
        while not found:
            try:
                found.append(await status(on, port))
            except (OSError, httpx2.TransportError):
                await asyncio.sleep(0.02)

    await asyncio.wait_for(ask(), 20)
    assert found == [200]


async def status(on: Drive, port: Port) -> int:
    return await on.harness.status(on.driver, port)
