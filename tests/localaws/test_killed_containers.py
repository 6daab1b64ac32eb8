"""Containers of Docker whose local AWS is killed: found again by its next run, or ended."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from aiodocker import Docker

from localaws.drivers.docker import worlds
from localaws.drivers.docker.engine import Engine
from tests.localaws import driving
from tests.localaws.conftest import until
from tests.localaws.killing import Life

Json = dict[str, Any]
T = TypeVar("T")
TALKS = "trap 'echo bye; exit 5' TERM; n=0; while :; do echo $n; n=$((n+1)); sleep 0.2; done"
LOGS = {"awslogs-group": "said", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}


@pytest.fixture
def life(tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    monkeypatch.setenv("DOCKER_HOST", engine)
    life = Life(tmp_path / "home", "docker")
    yield life
    life.end()
    assert asked(engine, life, names) == []


def asked(host: str, life: Life, ask: Callable[[Docker, dict[str, str]], Awaitable[T]]) -> T:
    """Of the engine, of the containers of this home."""

    async def connected() -> T:
        engine = Engine(host)
        await engine.connect()
        try:
            return await ask(engine.docker, worlds.labels(life.home / "containers"))
        finally:
            await engine.close()

    return asyncio.run(connected())


async def names(docker: Docker, labels: dict[str, str]) -> list[str]:
    return sorted(one["Names"][0] for one in await worlds.containers(docker, labels))


def talking(life: Life, host: str, family: str, **more: object) -> None:
    """Registers a container that counts, and says goodbye."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{life.aws.port}", trust_env=False) as registry:
        layer = driving.layer(programs=True)
        image = driving.InDocker(life.home, registry, layer, host=host).image()
    logs = {"logConfiguration": {"logDriver": "awslogs", "options": LOGS}}
    life.register(family, {"image": image, "command": ["sh", "-c", TALKS], **logs, **more})


def lines(life: Life, task: str) -> list[str]:
    found = life.aws.client("logs").filter_log_events(logGroupName="said")["events"]
    return [one["message"] for one in found if task.rpartition("/")[2] in one["logStreamName"]]


def test_tasks_run_on_while_nobody_looks(life: Life, engine: str) -> None:
    life.aws.client("logs").create_log_group(logGroupName="said")
    talking(life, engine, "web")
    life.serve("web", 2)
    alone = life.run("web")
    until(lambda: life.service("web")["deployments"][0]["rolloutState"] == "COMPLETED", 60)
    life.becomes(alone, "RUNNING")
    tasks = {arn: life.task(arn) for arn in (*life.tasks("web"), alone)}
    until(lambda: lines(life, alone))
    life.written()
    before = asked(engine, life, names)

    life.kill()
    while_nobody_looked = asked(engine, life, names)
    life.started()

    known = len(lines(life, alone))
    until(lambda: len(lines(life, alone)) >= known + 3)
    assert before == while_nobody_looked == asked(engine, life, names)
    again = {arn: life.task(arn) for arn in tasks}
    assert again == tasks
    said = lines(life, alone)
    assert len(said) == len(set(said))
    life.aws.client("ecs").stop_task(cluster="palatine", task=alone)
    stopped = life.becomes(alone, "STOPPED")
    assert stopped["containers"][0]["exitCode"] == 5
    until(lambda: lines(life, alone)[-1] == "bye")  # which is shipped after the end
    assert set(life.tasks("web")) == set(tasks) - {alone}


def test_one_that_ended_meanwhile_has_its_code_and_a_service_replaces_it(
    life: Life, engine: str
) -> None:
    life.aws.client("logs").create_log_group(logGroupName="said")
    talking(life, engine, "web")
    life.serve("web", 1)
    until(lambda: life.service("web")["runningCount"] == 1, 60)
    first = life.tasks("web")[0]
    until(lambda: lines(life, first))
    life.written()

    async def stop(docker: Docker, labels: dict[str, str]) -> None:
        for container in await worlds.containers(docker, labels):
            await container.stop()

    life.kill()
    asked(engine, life, stop)
    life.started()

    stopped = life.becomes(first, "STOPPED")
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["containers"][0]["exitCode"] == 5
    until(lambda: life.service("web")["runningCount"] == 1, 60)
    assert life.tasks("web") != [first]


def test_a_container_of_no_task_is_ended(life: Life, engine: str) -> None:
    life.aws.client("logs").create_log_group(logGroupName="said")
    talking(life, engine, "web")
    known = life.run("web")
    life.becomes(known, "RUNNING")
    keep_state(life)
    unknown = life.run("web")
    life.becomes(unknown, "RUNNING")
    two = asked(engine, life, names)

    life.kill()
    put_back_state(life)
    life.started()

    assert len(two) == 2
    left = asked(engine, life, names)
    assert len(left) == 1
    assert known.rpartition("/")[2] in left[0]
    assert life.task(known)["lastStatus"] == "RUNNING"


def test_one_that_was_started_after_the_last_write_is_started_anew(life: Life, engine: str) -> None:
    life.aws.client("logs").create_log_group(logGroupName="said")
    talking(life, engine, "web")
    life.faults({"kind": "pull_slow", "params": {"seconds": 6}, "times": 1})
    task = life.run("web")
    life.becomes(task, "PENDING")
    keep_state(life)
    before = life.becomes(task, "RUNNING")

    life.kill()
    put_back_state(life)
    life.started()

    after = life.becomes(task, "RUNNING")
    one, other = (shown["containers"][0]["runtimeId"] for shown in (before, after))
    assert one != other
    assert len(asked(engine, life, names)) == 1


def keep_state(life: Life) -> None:
    """What has been written so far, for later: whole, though it may be written at this moment."""
    life.written()

    def kept() -> bool:
        number = life.number()
        shutil.rmtree(life.home / "kept", ignore_errors=True)
        with contextlib.suppress(shutil.Error):
            shutil.copytree(life.home / "state", life.home / "kept")
            return number == life.number()
        return False

    until(kept)


def put_back_state(life: Life) -> None:
    """As if it had never been written again."""
    shutil.rmtree(life.home / "state")
    (life.home / "kept").rename(life.home / "state")
