"""Docker: what the engine is told, what survives us in it, and what is found again."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiodocker import Docker

from localaws.drivers.docker import config, worlds
from localaws.drivers.docker.driver import DockerDriver
from localaws.drivers.docker.engine import Engine
from localaws.drivers.docker.marks import STDERR, STDOUT, Mark
from localaws.drivers.driver import DriverUnusable, Image, Launch, Port, Ulimit
from tests.localaws.driving import Does, Drive, InDocker, drive, until

ANY = Port(8080)
IMAGE = Image("sha256:" + "0" * 64)
LABELS = {"com.amazonaws.ecs.task-arn": "arn:one", "com.amazonaws.ecs.container-name": "main"}
in_docker = pytest.mark.parametrize("harness", ["docker"], indirect=True)


def test_the_engine_is_told_what_the_ecs_agent_would_tell_it() -> None:
    launch = Launch(
        "one",
        IMAGE,
        "127.0.1.2",
        {"A": "b=c"},
        command=["run", "it"],
        ports=[ANY, Port(53, 5353, "udp")],
        cpu=256,
        memory=64,
        memory_reservation=32,
        hostname="one",
        ulimits=[Ulimit("nofile", 64, 128)],
        read_only=True,
        labels={"team": "one"},
    )

    assert config.config(launch, {"world": "w"}) == {
        "Image": "localaws:sha256-" + "0" * 64,
        "Env": ["A=b=c"],
        "Entrypoint": None,
        "Cmd": ["run", "it"],
        "WorkingDir": "",
        "User": "",
        "Hostname": "one",
        "Labels": {"team": "one", "world": "w"},
        "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
        "HostConfig": {
            "PortBindings": {
                "8080/tcp": [{"HostIp": "127.0.1.2", "HostPort": ""}],
                "53/udp": [{"HostIp": "127.0.1.2", "HostPort": "5353"}],
            },
            "CpuShares": 256,
            "Memory": 64 << 20,
            "MemorySwap": 64 << 20,
            "MemoryReservation": 32 << 20,
            "Ulimits": [{"Name": "nofile", "Soft": 64, "Hard": 128}],
            "ReadonlyRootfs": True,
            "LogConfig": config.LOGS,
        },
    }


def test_without_limits_it_has_the_fewest_shares_and_all_the_memory() -> None:
    host = config.config(Launch("one", IMAGE, "127.0.0.1", {}), {})["HostConfig"]

    assert (host["CpuShares"], "Memory" in host, "MemoryReservation" in host) == (2, False, False)


def test_an_engine_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        for host in (f"unix://{tmp_path}/no.sock", "tcp://127.0.0.1:1", "nonsense"):
            driver = DockerDriver(tmp_path, 1, host)
            with pytest.raises(DriverUnusable, match=f"No Docker Engine answers at {host}; start"):
                await driver.start()

    asyncio.run(story())


@in_docker
def test_what_comes_within_a_long_line_from_the_other_stream_is_its_own(harness: InDocker) -> None:
    script = "printf '%050000d' 0; echo err >&2; sleep 0.1; printf last"

    async def story(on: Drive) -> None:
        assert await (await on.launch(command=["sh", "-c", script])).wait() == 0
        assert sorted(on.lines) == ["0" * 50_000 + "last", "err"]

    drive(harness, story)


FIRST, LATER = "2026-01-02T03:04:05.100000000Z", "2026-01-02T03:04:05.900000000Z"
SAID = [
    (STDOUT, FIRST, b"the first half"),
    (STDERR, LATER, b"one\n"),
    (STDERR, LATER, b"two\n"),
    (STDOUT, FIRST, b" and the last\n"),  # dated as its line began
    (STDERR, LATER, b"three\n"),
]


@pytest.mark.parametrize("read", range(len(SAID) + 1))
def test_what_was_read_is_passed_over_and_nothing_else(tmp_path: Path, read: int) -> None:
    mark = Mark(tmp_path / "output" / "one")
    passing = mark.passing()
    assert all(passing.new(*said) for said in SAID[:read])

    passing = Mark(tmp_path / "output" / "one").passing()
    assert [said for said in SAID if passing.new(*said)] == SAID[read:]

    mark.remove()
    passing = Mark(tmp_path / "output" / "one").passing()
    assert all(passing.new(*said) for said in SAID)


def test_output_is_asked_for_from_where_a_line_was_left_open(tmp_path: Path) -> None:
    mark = Mark(tmp_path / "one")
    since = []
    for said in SAID:
        since.append(mark.since)
        mark.move(*said)

    open_line, newest = "1767323044.100000000", "1767323044.900000000"  # a second before each
    assert [*since, mark.since] == ["0", open_line, open_line, open_line, newest, newest]


@in_docker
def test_the_engine_keeps_to_the_limits(harness: InDocker) -> None:
    async def story(on: Drive) -> None:
        running = await on.running(Does(), cpu=512, memory=64, memory_reservation=32)
        async with engine(harness) as docker:
            host = (await docker.containers.get(running.runtime_id))["HostConfig"]
        assert (host["CpuShares"], host["Memory"] >> 20) == (512, 64)
        assert (host["MemorySwap"] >> 20, host["MemoryReservation"] >> 20) == (64, 32)

    drive(harness, story)


@in_docker
def test_a_container_has_its_name_its_limits_and_nowhere_to_write(harness: InDocker) -> None:
    async def story(on: Drive) -> None:
        script = "cat /etc/hostname; ulimit -n; touch note 2>/dev/null || echo cannot"
        running = await on.launch(
            command=["sh", "-c", script],
            hostname="one",
            ulimits=[Ulimit("nofile", 64, 128)],
            read_only=True,
        )
        assert await running.wait() == 0
        assert on.lines == ["one", "64", "cannot"]

    drive(harness, story)


@in_docker
def test_after_a_crash_a_container_is_found_again_with_its_output(harness: InDocker) -> None:
    async def before(on: Drive) -> object:
        script = "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done"
        running = await on.launch(command=["sh", "-c", script], ports=[ANY], labels=LABELS)
        await until(lambda: on.lines == ["up"])
        return running.runtime_id, running.ports

    async def after(on: Drive, was: object) -> None:
        assert await on.driver.adopt({**LABELS, "more": ""}, on.lines.append) is None
        found = await on.driver.adopt(LABELS, on.lines.append)
        assert found
        assert (found.runtime_id, found.ports) == was
        await on.driver.end_unadopted()
        assert await found.execute(["true"], 20) == 0
        await found.signal(signal.SIGTERM)
        assert await found.wait() == 5
        assert on.lines == ["bye"]
        assert await on.driver.adopt(LABELS, on.lines.append) is None

    survive(harness, before, after)


@in_docker
def test_what_ended_meanwhile_is_found_with_its_code_and_last_words(harness: InDocker) -> None:
    async def before(on: Drive) -> object:
        script = "echo up; until [ -e go ]; do sleep 0.05; done; echo late; exit 4"
        running = await on.launch(command=["sh", "-c", script], labels=LABELS)
        await until(lambda: on.lines == ["up"])
        return running.runtime_id

    async def after(on: Drive, was: object) -> None:
        async with engine(harness) as docker:
            container = docker.containers.container(str(was))
            await (await container.exec(["touch", "go"])).start(detach=True)
            await container.wait()
        found = await on.driver.adopt(LABELS, on.lines.append)
        assert found
        assert await found.wait() == 4
        assert on.lines == ["late"]

    survive(harness, before, after)


@in_docker
def test_what_nobody_adopts_is_ended(harness: InDocker) -> None:
    async def before(on: Drive) -> None:
        await on.running(Does(stops=None), labels=LABELS)

    async def after(on: Drive, was: object) -> None:
        await on.driver.end_unadopted()
        assert await on.driver.adopt(LABELS, on.lines.append) is None
        assert await containers(harness) == []

    survive(harness, before, after)


@in_docker
def test_whoever_starts_ends_what_a_removed_home_left(harness: InDocker, tmp_path: Path) -> None:
    async def before(on: Drive) -> None:
        await on.running(Does(stops=None))

    async def story() -> None:
        await crashed(harness, before)
        await start_another()
        assert len(await containers(harness)) == 1
        shutil.rmtree(harness.home)
        await start_another()
        assert await containers(harness) == []

    async def start_another() -> None:
        other = DockerDriver(tmp_path / "another", 1, harness.host)
        await other.start()
        await other.stop()

    asyncio.run(asyncio.wait_for(story(), 60))


def survive(
    harness: InDocker,
    before: Callable[[Drive], Awaitable[object]],
    after: Callable[[Drive, object], Awaitable[None]],
) -> None:
    """`after` is given what `before` came to, by another driver of the same home."""

    async def story() -> None:
        was = await crashed(harness, before)
        driver = harness.driver()
        await driver.start()
        try:
            await after(Drive(harness, driver), was)
        finally:
            await driver.stop()

    asyncio.run(asyncio.wait_for(story(), 60))


async def crashed(harness: InDocker, before: Callable[[Drive], Awaitable[object]]) -> object:
    driver = harness.driver()
    await driver.start()
    try:
        return await before(Drive(harness, driver))
    finally:
        await harness.crash(driver)


async def containers(harness: InDocker) -> list[str]:
    async with engine(harness) as docker:
        found = await worlds.containers(docker, worlds.labels(harness.home))
    return [one.id for one in found]


@asynccontextmanager
async def engine(harness: InDocker) -> AsyncIterator[Docker]:
    """As anybody else would ask it."""
    asking = Engine(harness.host)
    await asking.connect()
    try:
        yield asking.docker
    finally:
        await asking.close()
