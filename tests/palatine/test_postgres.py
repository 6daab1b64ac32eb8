"""PostgreSQL under our supervision: started, adopted, stopped, whatever the last end was like."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from palatine import home as homes
from palatine.postgres import places, process, server
from palatine.postgres.server import Server
from palatine.stopping import Stopping
from palatine.trouble import Trouble

START_AND_DIE = """
import os, sys
from pathlib import Path
from palatine import home
from palatine.postgres import places, server
from palatine.stopping import Stopping
server.start(places.of(home.prepare(Path(sys.argv[1]))), Stopping())
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = homes.prepare(tmp_path / "a home")  # with a space
    yield home
    found = process.live((home / "postgres" / "data").resolve())
    places.forget(home)
    assert found is None, "the test left its PostgreSQL running"


def start(home: Path) -> Server:
    return server.start(places.of(home), Stopping())


def remember(running: Server, value: str) -> None:
    with psycopg.connect(running.url) as db:
        db.execute("create table if not exists memory (value text)")
        db.execute("insert into memory values (%s)", (value,))


def remembered(running: Server) -> list[str]:
    with psycopg.connect(running.url) as db:
        return [row[0] for row in db.execute("select value from memory").fetchall()]


def test_the_second_start_has_what_the_first_one_wrote(home: Path) -> None:
    first = start(home)
    remember(first, "ä")
    first.stop()

    second = start(home)

    assert remembered(second) == ["ä"]
    second.stop()


def test_a_stop_leaves_no_process_and_no_socket(home: Path) -> None:
    running = start(home)
    assert running.sockets.stat().st_mode & 0o777 == 0o700

    running.stop()

    assert not process.serves(running.pid, running.places.data)
    assert not running.sockets.exists()
    assert not (running.places.data / "postmaster.pid").exists()


def test_it_listens_to_nobody_on_the_network(home: Path) -> None:
    running = start(home)
    with psycopg.connect(running.url) as db:
        shown = db.execute("select current_setting('listen_addresses')").fetchone()
    running.stop()

    assert shown == ("",)


def test_the_server_of_a_killed_parent_is_adopted(home: Path) -> None:
    subprocess.run([sys.executable, "-c", START_AND_DIE, str(home)], check=False)
    left = process.live(places.of(home).data)
    assert left

    adopted = start(home)
    remember(adopted, "kept")

    assert (adopted.pid, adopted.child) == (left.pid, None)
    adopted.stop()
    assert not process.serves(left.pid, adopted.places.data)
    assert not left.sockets.exists()


def test_a_killed_server_starts_again_with_what_was_committed(home: Path) -> None:
    first = start(home)
    remember(first, "committed")
    os.kill(first.pid, signal.SIGKILL)
    assert first.child
    first.child.wait()

    second = start(home)

    assert remembered(second) == ["committed"]
    second.stop()


def test_a_pid_file_that_names_somebody_else_is_not_believed(home: Path) -> None:
    """The pid of a server that is gone may be another process's by now, here our own."""
    first = start(home)
    first.stop()
    lines = [str(os.getpid()), str(first.places.data), "0", "5432", str(first.sockets), "", ""]
    (first.places.data / "postmaster.pid").write_text("\n".join(lines))

    second = start(home)

    assert second.pid != os.getpid()
    second.stop()


def test_a_server_whose_home_was_removed_does_not_hinder_a_new_one(home: Path) -> None:
    subprocess.run([sys.executable, "-c", START_AND_DIE, str(home)], check=False)
    left = process.live(places.of(home).data)
    assert left
    shutil.rmtree(home)

    again = start(homes.prepare(home))

    assert again.pid != left.pid
    assert not process.serves(left.pid, again.places.data)
    again.stop()


def test_a_killed_initdb_leaves_no_half_data(home: Path) -> None:
    where = places.of(home)
    half = where.data.parent / "initdb-killed"
    (half / "base").mkdir(parents=True)

    running = start(home)

    running.stop()
    assert not half.exists()
    assert [path.name for path in where.data.parent.iterdir()] == ["data"]


@pytest.mark.parametrize("locale", ["xx_XX.UTF-8", "tr_TR", "C", ""])
def test_the_locale_of_the_terminal_does_not_matter(
    home: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setenv("LANG", locale)
    monkeypatch.setenv("LC_ALL", locale)

    running = start(home)
    with psycopg.connect(running.url) as db:
        row = db.execute("select 'I' ~* 'i', upper('ä'), pg_encoding_to_char(6)").fetchone()
    running.stop()

    assert row == (True, "Ä", "UTF8")


def test_a_socket_folder_that_is_somebody_elses_is_left_alone(home: Path) -> None:
    where = places.of(home)
    taken = places.socket_folder(where)
    taken.chmod(0o777)
    (taken / "theirs").touch()

    running = server.start(where, Stopping())

    assert running.sockets != taken
    running.stop()
    assert (taken / "theirs").exists()
    shutil.rmtree(taken)


def test_a_long_temporary_folder_is_passed_over(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    running = start(home)

    assert len(str(running.sockets / ".s.PGSQL.5432")) < 100
    running.stop()


def test_data_of_another_version_is_refused_with_a_sentence(home: Path) -> None:
    where = places.of(home)
    where.data.mkdir()
    (where.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(Trouble, match="made by PostgreSQL 9"):
        places.of(home)


def test_data_that_is_damaged_is_a_sentence_with_the_logs_last_lines(home: Path) -> None:
    first = start(home)
    first.stop()
    (first.places.data / "global" / "pg_control").unlink()

    with pytest.raises(Trouble, match=r"(?s)did not start:\n.*pg_control"):
        start(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_root_keeps_the_data_where_another_account_can_reach_it(home: Path) -> None:
    home.chmod(0o700)
    system = Path(tempfile.mkdtemp(dir="/tmp"))

    where = places.of(home, system=system)

    assert (home / "postgres").resolve() == where.data.parent
    assert where.data.is_relative_to(system)
    running = server.start(where, Stopping())
    running.stop()
    places.forget(home)
    assert list(system.iterdir()) == []
    system.rmdir()
    assert not (home / "postgres").is_symlink()
