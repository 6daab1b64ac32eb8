"""What a fresh clone is told and given: make's help, and a wheel that works elsewhere."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str, **environment: str) -> str:
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return ended.stdout


def test_help_lists_every_target_and_is_what_make_does_alone() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.M)
    assert targets

    told = run("make", "help")

    public = set(targets[1].split()) - {"local", "dev"}
    assert set(re.findall(r"^make (\w+)", told, re.M)) == public
    assert run("make") == told


def programs(folder: Path, *names: str) -> str:
    """A PATH with these system programs and no others."""
    folder.mkdir()
    for name in (*names, "bash", "cat", "cksum", "dirname", "env", "grep", "id", "rm"):
        found = next(
            path for path in (Path("/usr/bin") / name, Path("/bin") / name) if path.exists()
        )
        (folder / name).symlink_to(found)
    return str(folder)


def venv_script(tmp_path: Path, path: str) -> str:
    """What setup/venv.sh says in a clone without .venv."""
    clone = tmp_path / "a clone"
    (clone / "setup").mkdir(parents=True)
    (clone / "requirements").mkdir()
    (clone / "setup" / "venv.sh").write_text((ROOT / "setup" / "venv.sh").read_text())
    for name in ("pyproject.toml", "requirements/local.txt"):
        (clone / name).write_text((ROOT / name).read_text())
    ended = subprocess.run(
        ["/bin/bash", str(clone / "setup" / "venv.sh"), "local"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert not (clone / ".venv").exists()
    return ended.stdout + ended.stderr


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="needs Debian or Ubuntu")
def test_without_python_one_line_says_what_to_install(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin", "apt-get", "git")
    shim = tmp_path / "bin" / "python3.12"  # pyenv's are there for versions that are not
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)

    said = venv_script(tmp_path, path)

    assert re.fullmatch(r"Palatine needs: .*apt-get install -y python3\S* python3\S*-venv\n", said)


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="needs Debian or Ubuntu")
def test_without_git_one_line_says_so(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin", "apt-get")
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)

    said = venv_script(tmp_path, path)

    assert re.fullmatch(r"Palatine needs: .*apt-get install -y git\n", said)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-qq"]
    run(*pip, "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("palatine-*.whl"))


def test_the_wheel_holds_every_package_and_the_migrations(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()

    for package in ("app", "workers", "localaws", "palatine"):
        assert f"{package}/__init__.py" in inside
    assert "palatine/migrations/env.py" in inside
    assert any(re.match(r"palatine/migrations/versions/0001_\w+\.py", name) for name in inside)
    assert not [name for name in inside if name.startswith(("tests/", "alembic/"))]


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def elsewhere(unpacked: Path, *arguments: str) -> str:
    """What Python says outside the repository, the wheel in front of everything."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=unpacked.parent,
        env=os.environ | {"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_migrations_and_the_sample_are_found_in_the_wheel(unpacked: Path) -> None:
    where = (
        "import palatine, app.db.migrations as m, palatine.demo.sample as s; "
        "print(palatine.__file__, m.SCRIPTS, s.folder(), sep='\\n')"
    )

    said = elsewhere(unpacked, "-c", where).splitlines()

    palatine = unpacked / "palatine"
    assert said == [
        str(palatine / "__init__.py"),
        str(palatine / "migrations"),
        str(palatine / "samples" / "hello"),
    ]
    sample = ROOT / "docker" / "samples" / "hello"
    assert {path.name for path in (palatine / "samples" / "hello").iterdir()} >= {
        path.name for path in sample.iterdir() if path.is_file()
    }


def test_the_command_works_from_the_wheel(unpacked: Path) -> None:
    told = elsewhere(unpacked, "-m", "palatine", "--help")
    document = elsewhere(unpacked, "-m", "palatine", "openapi")

    assert "Run apps on Amazon ECS" in told
    assert document == (ROOT / "openapi" / "openapi.json").read_text()


def test_help_names_every_command_and_is_instant() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    told = run(sys.executable, "-m", "palatine", "--help")
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    for command in ("up", "web", "worker", "migrate", "localaws", "token", "openapi", "demo"):
        assert re.search(rf"^  {command} ", told, re.M)
    assert seconds < 0.3


def test_help_imports_nothing_of_the_platform() -> None:
    """What keeps it under 0.3 s, said in a way that a busy machine cannot upset."""
    program = (
        "import sys, palatine.cli; "
        "print([n for n in ('sqlalchemy', 'fastapi', 'celery', 'boto3', 'moto', 'alembic', "
        "'pydantic', 'psycopg', 'uvicorn') if n in sys.modules])"
    )

    assert run(sys.executable, "-c", program).strip() == "[]"
