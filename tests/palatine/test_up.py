"""`palatine up` as a process: what it says, what it starts, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from palatine import home as homes
from palatine.postgres import places, process
from tests.servers import postgres_server

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
# on free ports; without these, none is started
LOCAL_AWS: dict[str, object] = {"aws_endpoint_url": None, "aws_port": 0, "router_port": 0}


class Up:
    """A `palatine up` with a small platform, in a terminal of its own."""

    def __init__(self, home: Path, **settings: object) -> None:
        given = {"home": str(home), "port": 0, "aws_endpoint_url": "", **settings}
        given = {name: value for name, value in given.items() if value is not None}
        self.home = home
        self.terminal = subprocess.Popen(
            [sys.executable, "-m", "tests.palatine.small_platform", json.dumps(given)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def address(self) -> str:
        assert self.terminal.stdout
        said = ""
        for line in self.terminal.stdout:
            said += line
            if found := re.match(r"API +(\S+)", line):
                return found[1]
        raise AssertionError(f"it never was ready: {said}{self.end()[1]}")

    def settings(self) -> dict[str, str]:
        with httpx2.Client(trust_env=False) as client:
            answer: dict[str, str] = client.get(self.address()).json()
            return answer

    def signal(self, number: int) -> None:
        """To all of the terminal, as Ctrl-C does."""
        os.killpg(self.terminal.pid, number)

    def end(self, number: int | None = None) -> tuple[int, str]:
        """The exit code and what it said last."""
        if number is not None:
            self.signal(number)
        _, said = self.terminal.communicate(timeout=DEADLINE)
        return self.terminal.returncode, said


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = homes.prepare(tmp_path / "home")
    yield home
    left = left_of(home)
    for one in left:
        one.kill()
    places.forget(home)
    assert not left


@pytest.fixture(autouse=True)
def nothing_temporary_left() -> Iterator[None]:
    def temporary() -> set[str]:
        return {path.name for path in Path(tempfile.gettempdir()).glob("palatine-????????????")}

    before = temporary()
    yield
    # a neighbour's folder is there a moment before its server, and a moment after
    eventually(lambda: all(in_use(name) for name in temporary() - before))


def in_use(name: str) -> bool:
    """By a test that runs beside this one."""
    return any(name in command for command in commands().values())


def commands() -> dict[psutil.Process, str]:
    found = psutil.process_iter(["cmdline"])
    return {one: " ".join(one.info["cmdline"] or []) for one in found}


def left_of(home: Path) -> list[psutil.Process]:
    """Every process that was started for this home: its data may lie elsewhere when we are root."""
    folders = {str(home), str((home / "postgres").resolve())}
    return [
        one for one, command in commands().items() if any(folder in command for folder in folders)
    ]


def eventually(true: Callable[[], bool]) -> None:
    """Within a few seconds: what notices our death by itself does so soon, but not instantly."""
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_told_to_stop_and_leaves_nothing(home: Path, number: int) -> None:
    up = Up(home)
    settings = up.settings()

    code, said = up.end(number)

    assert (code, said) == (0, "")
    assert settings["broker_url"] == "memory://"
    assert settings["database_url"].startswith("postgresql://palatine@/palatine?host=")
    assert left_of(home) == []


def test_the_start_after_a_kill_goes_on_with_the_same_postgres_and_leaves_nothing(
    home: Path,
) -> None:
    first = Up(home)
    first.address()
    first.end(signal.SIGKILL)
    left = process.live((home / "postgres").resolve() / "data")
    assert left

    second = Up(home)
    second.address()
    adopted = process.live((home / "postgres").resolve() / "data")
    code, _ = second.end(signal.SIGINT)

    assert adopted == left
    assert code == 0
    assert left_of(home) == []


@pytest.mark.parametrize("after", [0.2, 0.5, 0.9])
def test_a_stop_while_it_starts_leaves_nothing(home: Path, after: float) -> None:
    up = Up(home)
    with pytest.raises(subprocess.TimeoutExpired):
        up.terminal.wait(timeout=after)

    up.end(signal.SIGINT)

    eventually(lambda: not left_of(home))


def test_a_taken_port_is_one_sentence_and_nothing_is_started(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, said = Up(home, port=port).end()

    assert code == 1
    assert said == (
        f"palatine: Port {port} is taken: choose another with --port (or PALATINE_PORT).\n"
    )
    assert left_of(home) == []


def test_a_home_serves_one_at_a_time(home: Path) -> None:
    first = Up(home)
    first.address()

    code, said = Up(home).end()

    assert code == 1
    assert said.startswith(f"palatine: Palatine is already running on {home} (process ")
    first.end(signal.SIGINT)


def test_a_part_that_dies_ends_the_whole_with_its_last_words(home: Path) -> None:
    up = Up(home)
    up.address()
    postgres = process.live((home / "postgres").resolve() / "data")
    assert postgres

    os.kill(postgres.pid, signal.SIGKILL)
    code, said = up.end()

    assert code == 1
    assert said.startswith("palatine: PostgreSQL has ended unexpectedly:\n  ")
    assert "ready to accept connections" in said
    eventually(lambda: not left_of(home))


def test_the_local_aws_comes_with_it_and_goes_with_it(home: Path) -> None:
    up = Up(home, **LOCAL_AWS)

    settings = up.settings()
    code, said = up.end(signal.SIGINT)

    assert (code, said) == (0, "")
    assert settings["listener_arn"].startswith("arn:aws:elasticloadbalancing:")
    assert settings["router_url"].startswith("http://127.0.0.1:")
    assert (settings["settle_seconds"], settings["poll_seconds"]) == (2, 0.2)
    assert left_of(home) == []


def test_the_local_aws_of_a_killed_parent_ends_itself_and_its_ports_are_free(home: Path) -> None:
    first = Up(home, **LOCAL_AWS)
    settings = first.settings()
    ports = {
        "aws_port": int(settings["aws_endpoint_url"].rpartition(":")[2]),
        "router_port": int(settings["router_url"].rpartition(":")[2]),
    }
    first.end(signal.SIGKILL)

    second = Up(home, **LOCAL_AWS | ports)
    again = second.settings()
    code, _ = second.end(signal.SIGTERM)

    assert again["aws_endpoint_url"] == settings["aws_endpoint_url"]
    assert code == 0
    assert left_of(home) == []


@pytest.mark.parametrize("option", ["aws_port", "router_port"])
def test_a_taken_port_of_the_local_aws_is_one_sentence(home: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, said = Up(home, **LOCAL_AWS | {option: port}).end()

    assert code == 1
    assert said == (
        f"palatine: Port {port} is taken: choose another with --{option.replace('_', '-')} "
        f"(or PALATINE_{option.upper()}).\n"
    )
    eventually(lambda: not left_of(home))


def test_a_local_aws_that_dies_ends_the_whole(home: Path) -> None:
    up = Up(home, **LOCAL_AWS)
    up.address()
    (child,) = [one for one in left_of(home) if "palatine.tether" in " ".join(one.cmdline())]

    child.kill()
    code, said = up.end()

    assert code == 1
    assert said.startswith("palatine: The local AWS has ended unexpectedly:")
    eventually(lambda: not left_of(home))


def test_a_database_by_url_replaces_our_own(home: Path) -> None:
    with postgres_server() as url:
        up = Up(home, database_url=url)

        settings = up.settings()

        up.end(signal.SIGINT)
    assert settings["database_url"] == url
    assert not (home / "postgres").exists()


def test_the_home_is_private(tmp_path: Path) -> None:
    home = homes.prepare(tmp_path / "new" / "home")

    assert home.stat().st_mode & 0o066 == 0
    assert (home / "logs").stat().st_mode & 0o777 == 0o700
