"""The folder of a state: whole or refused, whatever happened to it; one process at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.persistence import emptying
from localaws.persistence.folder import Folder, Kept, Refused

FACTS = {"now": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path / "state")
    with folder.held():
        yield folder


def reread(folder: Folder) -> Kept | None:
    return Folder(folder.path).read()


def test_what_was_written_is_read_and_parts_that_did_not_change_stay(folder: Folder) -> None:
    before = folder.read()
    folder.write({"n": 1}, {"ecs": b"one", "a part/of: moto": b"two"})
    folder.write({"n": 2}, {"ecs": b"three"})

    assert before is None
    assert reread(folder) == Kept({"n": 2}, {"ecs": b"three", "a part/of: moto": b"two"})
    assert {path.suffix for path in folder.path.iterdir()} == {".2", ".1", ".json", ""}


def test_whoever_reads_it_goes_on_where_it_was(folder: Folder) -> None:
    folder.write(FACTS, {"ecs": b"one", "events": b"two"})
    second = Folder(folder.path)
    second.read()

    second.write(FACTS, {"ecs": b"three"})

    assert reread(folder) == Kept(FACTS, {"ecs": b"three", "events": b"two"})


def test_a_write_that_was_cut_short_is_as_if_it_had_never_begun(folder: Folder) -> None:
    folder.write(FACTS, {"ecs": b"one"})
    (folder.path / "ecs.2").write_bytes(b"hal")
    (folder.path / "manifest.json.new").write_bytes(b'{"number": 2, "fi')

    assert reread(folder) == Kept(FACTS, {"ecs": b"one"})


@pytest.mark.parametrize("what", ["shorter", "other", "gone", "manifest", "no json"])
def test_what_is_not_as_it_was_written_is_refused_in_a_sentence(folder: Folder, what: str) -> None:
    folder.write(FACTS, {"ecs": b"one"})
    match what:
        case "shorter":
            (folder.path / "ecs.1").write_bytes(b"on")
        case "other":
            (folder.path / "ecs.1").write_bytes(b"two")
        case "gone":
            (folder.path / "ecs.1").unlink()
        case "manifest":
            (folder.path / "manifest.json").write_text("{}")
        case "no json":
            (folder.path / "manifest.json").write_text("{")

    with pytest.raises(Refused) as refused:
        reread(folder)

    said = str(refused.value)
    assert said.startswith(f"The state in {folder.path} cannot be taken up: ")
    assert said.endswith("Empty it with `palatine localaws reset`, or choose another --home.")
    assert "\n" not in said


def test_only_one_has_it(folder: Folder) -> None:
    with pytest.raises(Refused, match="A local AWS is running on"), Folder(folder.path).held():
        pass


def test_nobody_else_may_read_it(folder: Folder) -> None:
    folder.write(FACTS, {"secretsmanager": b"secret"})

    assert {path.stat().st_mode & 0o077 for path in folder.path.iterdir()} == {0}


def test_reset_empties_a_home_of_what_is_ours_unless_one_runs_there(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    (tmp_path / "else").write_text("not ours")
    folder = Folder(tmp_path / "state")
    with folder.held():
        folder.write(FACTS, {"ecs": b"one"})
        with pytest.raises(Refused, match="A local AWS is running on"):
            emptying.empty(tmp_path)
    there = folder.read()

    emptying.empty(tmp_path)
    emptying.empty(tmp_path)

    assert there is not None
    assert [path.name for path in tmp_path.iterdir()] == ["else"]
