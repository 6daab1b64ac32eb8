"""Tasks of a local AWS that is killed, whatever they were at: they go on or end, none is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.localaws.conftest import until
from tests.localaws.containing import push_image
from tests.localaws.killing import Life

Json = dict[str, Any]
DEAF = "trap '' TERM; touch deaf; while :; do sleep 1; done"
IS_DEAF = {"command": ["CMD-SHELL", "test -e deaf"], "interval": 5, "retries": 10}
VANISHED = "ContainerVanishedError: No container matching saved ID found"


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.end()


def script(text: str, image: str, **more: object) -> Json:
    return {"image": image, "command": ["sh", "-c", text], **more}


def slow_pulls(family: str) -> Json:
    return {"kind": "pull_slow", "match": {"family": family}, "params": {"seconds": 4}}


def running(tasks: dict[str, Json]) -> set[str]:
    return {name for name, one in tasks.items() if one["lastStatus"] == "RUNNING"}


def test_tasks_at_every_state(life: Life) -> None:
    image = push_image(life.aws.port)
    waits = {"dependsOn": [{"containerName": "init", "condition": "COMPLETE"}]}
    families = {
        "over": [script("exit 7", image)],
        "running": [script("exec sleep 3600", image)],
        "pulling": [script("exec sleep 3600", image)],
        "waiting": [
            script("exec sleep 3600", image, **waits),
            script("exec sleep 3600", image, name="init", essential=False),
        ],
        "stopping": [script(DEAF, image, stopTimeout=120, healthCheck=IS_DEAF)],
    }
    for family, containers in families.items():
        life.register(family, *containers)
    life.faults(slow_pulls("pulling"))
    deaf = life.run("stopping")
    life.until_task(deaf, lambda one: one["healthStatus"] == "HEALTHY")
    arns = {family: deaf if family == "stopping" else life.run(family) for family in families}
    life.becomes(arns["running"], "RUNNING")
    life.becomes(arns["over"], "STOPPED")
    life.until_task(arns["waiting"], lambda one: "runtimeId" in one["containers"][1])
    life.aws.client("ecs").stop_task(cluster="palatine", task=arns["stopping"], reason="enough")
    life.becomes(arns["stopping"], "STOPPING")
    life.written()
    before = {family: life.task(arn) for family, arn in arns.items()}
    processes = life.processes()

    life.kill()
    gone, alive = psutil.wait_procs(processes, timeout=15)
    life.started()
    for family, status in (
        ("running", "STOPPED"),
        ("stopping", "STOPPED"),
        ("waiting", "RUNNING"),
        ("pulling", "RUNNING"),
    ):
        life.becomes(arns[family], status)

    after = {family: life.task(arn) for family, arn in arns.items()}
    assert [one["lastStatus"] for one in before.values()] == [
        "STOPPED",
        "RUNNING",
        "PENDING",
        "PENDING",
        "STOPPING",
    ]
    assert (len(gone) >= 3, alive) == (True, [])
    assert after["over"] == before["over"]
    lost = after["running"]
    assert (lost["stopCode"], lost["containers"][0]["reason"]) == (
        "EssentialContainerExited",
        VANISHED,
    )
    stopped = after["stopping"]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "enough")
    assert after["waiting"]["containers"][1]["reason"] == VANISHED
    assert after["pulling"]["pullStartedAt"] == before["pulling"]["pullStartedAt"]
    for family in ("running", "pulling", "waiting", "stopping"):
        assert after[family]["version"] > before[family]["version"]
    assert len(life.processes()) == len(running(after)) == 2


def test_a_service_that_rolls_ends_where_it_was_going(life: Life) -> None:
    image = push_image(life.aws.port)
    life.register("web", script("echo one; exec sleep 3600", image))
    life.serve("web", 3)
    until(lambda: life.service("web")["deployments"][0]["rolloutState"] == "COMPLETED")
    life.faults(slow_pulls("web"))
    life.register("web", script("echo two; exec sleep 3600", image))
    life.aws.client("ecs").update_service(cluster="palatine", service="web", taskDefinition="web")
    until(lambda: life.service("web")["pendingCount"] > 0)
    life.written()
    deployments = {one["id"] for one in life.service("web")["deployments"]}

    life.killed()

    def rolled() -> Json | None:
        shown = life.service("web")
        states = [one["rolloutState"] for one in shown["deployments"]]
        return shown if states == ["COMPLETED"] and shown["runningCount"] == 3 else None

    shown = until(rolled, 60)
    assert len(deployments) == 2
    assert shown["taskDefinition"].endswith("web:2")
    assert shown["deployments"][0]["id"] in deployments
    tasks = [life.task(arn) for arn in life.tasks("web")]
    assert {one["taskDefinitionArn"].rpartition("/")[2] for one in tasks} == {"web:2"}
    until(lambda: len(life.processes()) == 3)


def test_a_service_that_was_being_deleted_is_gone_in_the_end(life: Life) -> None:
    image = push_image(life.aws.port)
    life.register("web", script(DEAF, image, stopTimeout=100, healthCheck=IS_DEAF))
    life.serve("web", 2)
    until(lambda: life.service("web")["runningCount"] == 2)
    for task in life.tasks("web"):
        life.until_task(task, lambda one: one["healthStatus"] == "HEALTHY")
    life.aws.client("ecs").delete_service(cluster="palatine", service="web", force=True)
    life.written()
    assert life.service("web")["status"] == "DRAINING"

    life.killed()

    until(lambda: life.service("web")["status"] == "INACTIVE")
    until(lambda: life.processes() == [])
