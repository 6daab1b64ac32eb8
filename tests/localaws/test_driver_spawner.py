import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from localaws.drivers.children import Children, SpawnFailed
from tests.localaws.conftest import until

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a child subreaper")
ENVIRONMENT = {"PATH": os.environ["PATH"]}
FAMILY = """
sleep 1000 & echo $!
setsid sleep 1000 & echo $!
(setsid sh -c 'sleep 1000 & echo $!' &)
"""
PARENT = """
import asyncio, sys
from localaws.drivers.children import Children

async def main():
    children = Children()
    await children.start()
    argv = ["sh", "-c", sys.argv[1]]
    environment = {"PATH": sys.argv[2]}
    await children.spawn("one", argv, cwd="/", environment=environment, output=1)
    await asyncio.sleep(60)

asyncio.run(main())
"""


class Nursery:
    """Children, and the file that all of them write to."""

    def __init__(self, children: Children, output: Path) -> None:
        self.children, self.output = children, output

    async def spawn(self, name: str, *argv: str, **more: str) -> "asyncio.Future[int]":
        with self.output.open("a") as file:
            return await self.children.spawn(
                name, argv, cwd="/tmp", environment=ENVIRONMENT | more, output=file.fileno()
            )


def tell(story: Callable[[Nursery], Awaitable[None]], folder: Path) -> str:
    """What the children of the story wrote."""

    async def whole() -> None:
        children = Children()
        await children.start()
        try:
            await story(Nursery(children, folder / "output"))
        finally:
            await children.stop()

    asyncio.run(asyncio.wait_for(whole(), 30))
    return (folder / "output").read_text()


def alive(pid: int) -> bool:
    """A zombie is dead: whoever adopted it has yet to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_has_its_arguments_environment_folder_and_a_code(tmp_path: Path) -> None:
    async def story(nursery: Nursery) -> None:
        script = "echo $PWD $KEY; echo oops >&2; exit 7"
        assert await (await nursery.spawn("one", "sh", "-c", script, KEY="value")) == 7

    assert tell(story, tmp_path) == "/tmp value\noops\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, 137)])
def test_a_signal_ends_it_with_128_and_its_number(number: int, code: int, tmp_path: Path) -> None:
    async def story(nursery: Nursery) -> None:
        exited = await nursery.spawn("one", "sleep", "1000")
        await nursery.children.signal("one", number)
        assert await exited == code

    tell(story, tmp_path)


def test_what_cannot_be_executed_is_refused_with_its_error(tmp_path: Path) -> None:
    async def story(nursery: Nursery) -> None:
        with pytest.raises(SpawnFailed) as refusal:
            await nursery.spawn("one", "no-such-program")
        assert refusal.value.errno == 2
        assert await (await nursery.spawn("two", "true")) == 0

    tell(story, tmp_path)


def test_large_environments_arrive_many_at_once(tmp_path: Path) -> None:
    many = {f"KEY_{number}": "x" * 5_000 for number in range(100)}

    async def story(nursery: Nursery) -> None:
        exits = await asyncio.gather(
            *(nursery.spawn(f"{n}", "sh", "-c", "echo ${#KEY_99}", **many) for n in range(5))
        )
        assert await asyncio.gather(*exits) == [0] * 5

    assert tell(story, tmp_path) == "5000\n" * 5


@linux
def test_what_a_process_leaves_behind_ends_with_it_and_others_live_on(tmp_path: Path) -> None:
    async def story(nursery: Nursery) -> None:
        other = await nursery.spawn("other", "sleep", "1000")
        await (await nursery.spawn("one", "sh", "-c", FAMILY + "sleep 0.3"))
        family = [int(line) for line in nursery.output.read_text().split()]
        assert len(family) == 3

        await asyncio.to_thread(until, lambda: not any(map(alive, family)), 5)
        assert not other.done()

    tell(story, tmp_path)


@linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_its_parent_however_that_dies(number: int) -> None:
    arguments = [sys.executable, "-c", PARENT, FAMILY + "wait", os.environ["PATH"]]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout
        family = [int(parent.stdout.readline()) for _ in range(3)]
        assert all(map(alive, family))

        parent.send_signal(number)
        parent.wait(10)

        until(lambda: not any(map(alive, family)), 5)


@linux
def test_a_killed_spawner_takes_its_processes_along_and_is_replaced(tmp_path: Path) -> None:
    async def story(nursery: Nursery) -> None:
        exited = await nursery.spawn("one", "sh", "-c", "sleep 1000 & echo $!; wait")
        await asyncio.to_thread(until, lambda: "\n" in nursery.output.read_text())
        nursery.children._spawner.kill()
        assert await exited == 137

        grandchild = int(nursery.output.read_text())
        await asyncio.to_thread(until, lambda: not alive(grandchild), 5)
        assert await (await nursery.spawn("two", "true")) == 0

    tell(story, tmp_path)
