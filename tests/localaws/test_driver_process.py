import asyncio
import io
import json
import os
import signal
import socket
import tarfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path

import httpx2
import pytest
import uvloop

from localaws.drivers import process
from localaws.drivers.driver import DID_NOT_END, Image, Launch, Port, PullFailed, StartFailed
from localaws.drivers.process import ProcessDriver
from tests.localaws import registering

RUN = {"Env": ["GREETING=hello=you", "PATH=/nowhere"], "WorkingDir": "/app", "Cmd": ["cat", "note"]}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[httpx2.Client]:
    with registering.serving(tmp_path / "registry") as client:
        yield client


def archive(**files: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as layer:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            layer.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def push(registry: httpx2.Client, *layers: bytes, **run: object) -> str:
    """The image's reference by tag."""
    config = json.dumps({"config": RUN | run}).encode()
    for blob in (config, *layers):
        registering.push_blob(registry, "app", blob)
    registering.push_manifest(registry, "app", "v1", registering.manifest(config, *layers))
    return f"127.0.0.1:{registry.base_url.port}/app:v1"


def tell(story: Callable[[ProcessDriver], Awaitable[None]], folder: Path, port: int = 1) -> None:
    async def whole() -> None:
        driver = ProcessDriver(folder / "containers", port)
        await driver.start()
        try:
            await story(driver)
        finally:
            await driver.stop()

    asyncio.run(asyncio.wait_for(whole(), 30))


def of_shell(folder: Path, script: str, lines: list[str], **more: object) -> Launch:
    image = Image("sha256:0", folder)
    settings = {"environment": {}, "command": ["sh", "-c", script], "address": "127.0.0.1"}
    return Launch(id="one", image=image, on_line=lines.append, **settings | more)  # type: ignore[arg-type]


def test_an_image_is_pulled_unpacked_and_run_as_it_says(
    registry: httpx2.Client, tmp_path: Path
) -> None:
    reference = push(registry, archive(app__note=b"old"), archive(app__note=b"new\n"))
    lines: list[str] = []

    async def story(driver: ProcessDriver) -> None:
        image = await driver.pull(reference)
        assert image.environment["GREETING"] == "hello=you"
        running = await driver.launch(Launch("one", image, "127.0.0.1", {}, on_line=lines.append))
        assert await running.wait() == 0

    tell(story, tmp_path)
    assert lines == ["new"]


def test_an_image_is_pulled_once_by_digest_and_by_the_name_ecr_gives_it(
    registry: httpx2.Client, tmp_path: Path
) -> None:
    reference = push(registry, archive(app__note=b""))
    port = registry.base_url.port or 0

    async def story(driver: ProcessDriver) -> None:
        by_tag = await driver.pull(reference)
        ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app@" + by_tag.digest
        assert await asyncio.gather(driver.pull(ecr), driver.pull(ecr)) == [by_tag, by_tag]
        registry.delete(f"/v2/app/manifests/{by_tag.digest}")
        assert await driver.pull(ecr) == by_tag

    tell(story, tmp_path, port)
    kept = list((tmp_path / "containers/images").iterdir())
    assert len(kept) == 1


def test_what_cannot_be_pulled_is_said_as_docker_does(
    registry: httpx2.Client, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{registry.base_url.port}"
    unsafe = push(registry, archive(**{"..__evil": b"evil"}))

    async def story(driver: ProcessDriver) -> None:
        for reference, sentence in (
            (f"{host}/app:v2", "manifest unknown"),
            (f"{host}/app@sha256:{'0' * 64}", "manifest unknown"),
            ("127.0.0.1:1/app:v1", "127.0.0.1:1"),
            ("docker.io/library/nginx:1", "this machine"),
            ("no spaces", "invalid reference format"),
            (unsafe, "failed to register layer"),
        ):
            with pytest.raises(PullFailed, match=sentence):
                await driver.pull(reference)

    tell(story, tmp_path)
    assert not list(tmp_path.rglob("evil"))
    assert list((tmp_path / "containers/images").iterdir()) == []


def test_it_is_told_its_port_and_address_and_keeps_the_path_of_the_host(tmp_path: Path) -> None:
    lines: list[str] = []

    async def story(driver: ProcessDriver) -> None:
        launch = of_shell(
            tmp_path, "echo $HOST:$PORT $A", lines, ports=[Port(8080)], environment={"A": "b"}
        )
        running = await driver.launch(launch)
        assert await running.wait() == 0
        assert lines == [f"127.0.0.1:{running.ports[0].host} b"]

    tell(story, tmp_path)


def test_two_containers_never_get_one_port(tmp_path: Path) -> None:
    async def story(driver: ProcessDriver) -> None:
        sleep, port = ("sleep", "9"), Port(8080)
        launches = [
            Launch(f"{n}", Image("", tmp_path), "127.0.0.1", {}, command=sleep, ports=[port])
            for n in range(5)
        ]
        running = await asyncio.gather(*map(driver.launch, launches))
        assert len({one.ports[0].host for one in running}) == 5

    tell(story, tmp_path)


def test_a_port_in_use_keeps_a_container_from_starting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def story(driver: ProcessDriver) -> None:
            with pytest.raises(StartFailed, match="address already in use"):
                await driver.launch(of_shell(tmp_path, "true", [], ports=[Port(80, port)]))

        tell(story, tmp_path)


def test_a_program_that_is_not_there_is_said_as_docker_does(tmp_path: Path) -> None:
    async def story(driver: ProcessDriver) -> None:
        with pytest.raises(StartFailed, match='exec: "nosuch": executable file not found'):
            await driver.launch(of_shell(tmp_path, "", [], command=["nosuch"]))

    tell(story, tmp_path)


def test_long_lines_come_in_pieces_and_bad_bytes_replaced(tmp_path: Path) -> None:
    lines: list[str] = []
    script = "head -c 500000 /dev/zero | tr '\\0' x; echo; printf '\\377no newline'"

    async def story(driver: ProcessDriver) -> None:
        await (await driver.launch(of_shell(tmp_path, script, lines))).wait()

    tell(story, tmp_path)
    assert sum(map(len, lines[:-1])) == 500_000
    assert max(map(len, lines)) <= 250_000
    assert lines[-1] == "\N{REPLACEMENT CHARACTER}no newline"


def test_sigterm_reaches_the_process_which_may_finish_what_it_does(tmp_path: Path) -> None:
    lines: list[str] = []
    script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"

    async def story(driver: ProcessDriver) -> None:
        running = await driver.launch(of_shell(tmp_path, script, lines))
        while not lines:
            await asyncio.sleep(0.01)
        await running.signal(signal.SIGTERM)
        assert await running.wait() == 0

    tell(story, tmp_path)
    assert lines == ["ready", "bye"]


def test_a_command_is_executed_where_its_container_runs(tmp_path: Path) -> None:
    async def story(driver: ProcessDriver) -> None:
        running = await driver.launch(of_shell(tmp_path, "echo > here; exec sleep 60", []))
        looks = ["sh", "-c", "until [ -e here ]; do sleep 0.02; done; exit 3"]
        assert await running.execute(looks, 10) == 3
        assert await running.execute(["no-such-program"], 10) == 127
        assert await running.execute(["sleep", "60"], 0.1) == DID_NOT_END
        hanging = asyncio.ensure_future(running.execute(["sleep", "60"], 60))
        await running.signal(signal.SIGKILL)
        assert await hanging == DID_NOT_END
        assert await running.wait() == 137
        assert await running.execute(["true"], 10) == DID_NOT_END

    tell(story, tmp_path)


def test_two_containers_of_one_image_write_apart_and_see_what_lies_beside(
    registry: httpx2.Client, tmp_path: Path
) -> None:
    script = "cat ../shared/note; echo $1 >> mine; cat mine"
    command = ["sh", "-c", script, "sh"]
    reference = push(
        registry,
        archive(srv__app__mine=b"", srv__shared__note=b"from beside\n"),
        WorkingDir="/srv/app",
    )
    lines: dict[str, list[str]] = {"one": [], "two": []}

    async def story(driver: ProcessDriver) -> None:
        image = await driver.pull(reference)
        for name in lines:
            running = await driver.launch(
                Launch(
                    id=name,
                    image=image,
                    on_line=lines[name].append,
                    environment={},
                    command=[*command, name],
                    address="127.0.0.1",
                )
            )
            assert await running.wait() == 0
        assert list((tmp_path / "containers" / "work").iterdir()) == []

    tell(story, tmp_path, registry.base_url.port or 0)

    assert lines == {"one": ["from beside", "one"], "two": ["from beside", "two"]}


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_containers_pipe_is_closed_once(
    tmp_path: Path, run: Callable[[Coroutine[None, None, None]], None]
) -> None:
    """uvloop closes the number itself, and the file's own close would hit whoever has it then."""

    async def story() -> None:
        lines, pipe, theirs = await process._pipe(of_shell(tmp_path, "true", []))
        file = pipe.get_extra_info("pipe")
        number = file.fileno()
        os.close(theirs)
        pipe.close()
        await lines.ended
        for _ in range(5):  # a loop closes what it was told to in a later turn
            await asyncio.sleep(0)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
        assert file.closefd is (run is asyncio.run)

    run(story())
