"""`palatine localaws reset`, typed: refused while one runs, else nothing of the account is left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localaws.conftest import until
from tests.localaws.containing import push_image
from tests.localaws.killing import Life
from tests.localaws.test_killed_containers import asked, names, talking


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Where `palatine localaws --home` has it."""
    life = Life(tmp_path / "localaws")
    yield life
    life.end()


def reset(home: Path) -> tuple[int, str]:
    """The exit code, and what was said."""
    command = [sys.executable, "-m", "palatine", "localaws", "reset", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).strip()


def parts(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()}


def test_one_that_runs_is_left_alone(life: Life, tmp_path: Path) -> None:
    life.register("one", {"image": push_image(life.aws.port)})
    task = life.run("one")
    life.becomes(task, "RUNNING")

    code, said = reset(tmp_path)

    assert code == 1
    assert said.endswith(
        f"A local AWS is running on {life.home}: stop it, or choose another --home."
    )
    assert life.task(task)["lastStatus"] == "RUNNING"
    life.written()
    assert parts(life.home) >= {"state", "registry", "containers"}


def test_one_that_was_killed_is_emptied(life: Life, tmp_path: Path) -> None:
    life.register("one", {"image": push_image(life.aws.port)})
    life.becomes(life.run("one"), "RUNNING")
    life.written()
    (life.home / "mine").write_text("kept")

    life.kill()
    code, said = reset(tmp_path)
    again = reset(tmp_path)

    assert (code, said) == again == (0, f"The local AWS in {life.home} is empty.")
    assert parts(life.home) == {"mine"}
    until(lambda: life.processes() == [])
    aws = life.started()
    assert json.loads(aws.get("/_local/seed"))["new"] is True
    assert aws.client("ecs").list_task_definitions()["taskDefinitionArns"] == []


def test_its_containers_end_with_it(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine)
    life = Life(tmp_path / "localaws", "docker")
    try:
        life.aws.client("logs").create_log_group(logGroupName="said")
        talking(life, engine, "web")
        life.becomes(life.run("web"), "RUNNING")
        life.written()
    finally:
        life.kill()
    left = asked(engine, life, names)

    code, _ = reset(tmp_path)

    assert (len(left), code) == (1, 0)
    assert asked(engine, life, names) == []
