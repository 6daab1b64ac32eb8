"""However it ends, `palatine up` leaves nothing running, listening or temporary behind, and the
next start has the apps answer again."""

from __future__ import annotations

import http.client
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from palatine.postgres import places
from tests.e2e import images, traces
from tests.e2e.installing import Up, temporary_folder

NAME = "family"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that has an app deployed whose processes have children, and has been stopped."""
    with temporary_folder() as folder:
        up = Up(folder, {"PALATINE_SETTLE_SECONDS": "1"})
        try:
            up.start()
            _deploy(up, tmp_path_factory.mktemp("image"))
            assert up.end(signal.SIGINT) == 0
            yield up
        finally:
            up.clients.close()
            up.end(signal.SIGTERM)
            places.forget(up.home)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_nothing(up: Up, number: signal.Signals) -> None:
    files = traces.home_files(up)
    _start(up)
    running = traces.of(up)

    code = up.end(number)

    assert code == 0, up.said()
    assert len(running) > 10
    assert (traces.of(up), traces.home_files(up)) == ([], files)


def test_a_kill_a_start_and_a_stop_leave_nothing(up: Up) -> None:
    files = traces.home_files(up)
    _start(up)
    up.end(signal.SIGKILL)
    _start(up)

    code = up.end(signal.SIGINT)

    assert code == 0, up.said()
    assert (traces.of(up), traces.home_files(up)) == ([], files)


def test_no_task_outlives_the_local_aws(up: Up) -> None:
    """Killed, it can tell nobody to stop; its tasks' own children go with them."""
    _start(up)
    tasks = [one for one in traces.processes(up) if _of_a_task(one, up)]
    [local_aws] = [one for one in traces.processes(up) if "palatine.tether" in one.cmdline()]

    local_aws.kill()
    gone, alive = psutil.wait_procs(tasks, timeout=traces.GONE_WITHIN)

    assert len(tasks) == 2
    assert (len(gone), alive) == (2, [])
    assert up.child
    assert up.child.wait(30) == 1
    assert "The local AWS has ended unexpectedly" in up.said()
    assert traces.eventually_none(up) == []


def _deploy(up: Up, scratch: Path) -> None:
    up.api.post("/apps", {"name": NAME})
    image = images.with_family(scratch, "family", up.at.registry)
    up.api.succeeded(up.api.post(f"/apps/{NAME}/deploys", {"image": image}))


def _start(up: Up) -> None:
    """Until the app answers: the platform has put back what the local AWS has forgotten."""
    up.start()
    deadline = time.monotonic() + 30
    while not _answers(up):
        assert time.monotonic() < deadline, "the app does not answer after a restart"
        time.sleep(0.1)


def _answers(up: Up) -> bool:
    try:
        return up.app(NAME).ask()[0] == 200
    except (OSError, http.client.HTTPException, ValueError):
        return False


def _of_a_task(process: psutil.Process, up: Up) -> bool:
    return process.cwd().startswith(str(up.home / "localaws" / "containers"))
