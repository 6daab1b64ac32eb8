"""Lives of tasks: several containers, health, exit codes, how they stop"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.ledger import fact
from tests.conformance.logged import Logged
from tests.conformance.tasking import Tasking
from tests.conformance.waiting import until

Json = dict[str, Any]
DOCS = "https://docs.aws.amazon.com/AmazonECS/latest/"
API = DOCS + "APIReference/"
GUIDE = DOCS + "developerguide/"
CONTAINER = API + "API_ContainerDefinition.html"
DEPENDENCY = API + "API_ContainerDependency.html"
HEALTH = API + "API_HealthCheck.html"
TASK = API + "API_Task.html"
SLEEP = "exec sleep 3600"
DEAF = "trap '' TERM; touch deaf; while :; do sleep 1; done"


def needs(**conditions: str) -> Json:
    found = [{"containerName": name, "condition": it} for name, it in conditions.items()]
    return {"dependsOn": found}


def beside(tasking: Tasking, name: str, script: str, **more: object) -> Json:
    """A container that is not essential."""
    return tasking.container(script, **{"name": name, "essential": False, **more})


def named(task: Json) -> dict[str, Json]:
    return {one["name"]: one for one in task["containers"]}


def moment(logged: Logged, task: Json, container: str, line: int = 1) -> float:
    """When it said its first line, or another, in seconds."""
    return float(logged.events(task, container, line)[line - 1]["timestamp"]) / 1000


@fact(
    "A container starts when those it needs have completed, or completed with exit code 0.",
    DEPENDENCY,
)
def test_a_container_waits_for_those_it_needs(tasking: Tasking, logged: Logged) -> None:
    logs = logged.configuration
    task = tasking.run_one(
        tasking.container(f"echo main; {SLEEP}", **needs(ok="SUCCESS", ko="COMPLETE"), **logs),
        beside(tasking, "ok", "sleep 1; echo ok", **logs),
        beside(tasking, "ko", "sleep 1; echo ko; exit 3", **logs),
    )

    running = tasking.running(task)

    last = max(moment(logged, task, name) for name in ("ok", "ko"))
    assert moment(logged, task, "main") >= last
    assert [named(running)[name]["exitCode"] for name in ("ok", "ko")] == [0, 3]


@fact(
    "A container that needs a healthy one starts when its first health check has passed; until "
    "then the task is PENDING.",
    DEPENDENCY + " " + HEALTH,
)
def test_a_container_waits_for_a_healthy_one(tasking: Tasking, logged: Logged) -> None:
    check = {"healthCheck": {"command": ["CMD-SHELL", "exit 0"], "interval": 5}}
    task = tasking.run_one(
        tasking.container(f"echo main; {SLEEP}", **needs(proxy="HEALTHY"), **logged.configuration),
        tasking.container(f"echo p; {SLEEP}", **{"name": "proxy"}, **check, **logged.configuration),
    )

    began = moment(logged, task, "proxy")
    assert tasking.describe(task)["lastStatus"] == "PENDING"
    running = tasking.running(task)

    assert named(running)["proxy"]["healthStatus"] == "HEALTHY"
    assert moment(logged, task, "main") - began >= 4


@fact(
    "Whose dependency does not exit successfully is never started: exit code 143 and the reason; "
    "if it is essential, the task failed to start.",
    "aws/amazon-ecs-agent#3218",
)
def test_a_dependency_that_fails(tasking: Tasking) -> None:
    task = tasking.run_one(
        tasking.container(SLEEP, **needs(init="SUCCESS")), beside(tasking, "init", "exit 3")
    )

    stopped = tasking.stopped(task)

    assert (stopped["stopCode"], stopped["stoppedReason"]) == (
        "TaskFailedToStart",
        "Task failed to start",
    )
    main = named(stopped)["main"]
    assert main["exitCode"] == 143
    assert main["reason"].startswith("CannotStartContainerError: dependency graph: failed to")
    assert "as dependency did not exit successfully" in main["reason"]
    assert "startedAt" not in stopped


@fact(
    "A dependency is waited for no longer than its startTimeout; then the task gives up.",
    CONTAINER,
)
def test_a_dependency_that_takes_too_long(tasking: Tasking) -> None:
    task = tasking.run_one(
        tasking.container(SLEEP, **needs(init="COMPLETE")),
        beside(tasking, "init", SLEEP, startTimeout=2),
    )

    stopped = tasking.stopped(task)

    assert stopped["stopCode"] == "TaskFailedToStart"
    assert "has timed out" in named(stopped)["main"]["reason"]
    assert named(stopped)["init"]["exitCode"] == 143


@fact(
    "When an essential container stops, all others of the task are stopped; one that is not "
    "essential stops alone.",
    CONTAINER,
)
def test_essential_and_other_containers(tasking: Tasking) -> None:
    task = tasking.run_one(
        tasking.container("sleep 3; exit 5"),
        tasking.container(SLEEP, name="other"),
        beside(tasking, "aside", "exit 7"),
    )

    alone = tasking.until(task, lambda one: "exitCode" in named(one)["aside"])
    assert alone["lastStatus"] in ("PENDING", "RUNNING")
    assert alone["desiredStatus"] == "RUNNING"
    stopped = tasking.stopped(task)

    assert (stopped["stopCode"], stopped["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    codes = {name: one["exitCode"] for name, one in named(stopped).items()}
    assert codes == {"main": 5, "other": 143, "aside": 7}


@fact("Containers stop in the reverse of the order in which they depend on each other.", CONTAINER)
def test_containers_stop_the_other_way_round(tasking: Tasking, logged: Logged) -> None:
    farewell = "trap 'sleep 1; echo {}; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    logs = logged.configuration
    task = tasking.run_one(
        tasking.container(farewell.format("main"), **needs(proxy="START"), **logs),
        tasking.container(farewell.format("proxy"), name="proxy", **logs),
    )
    for container in ("main", "proxy"):
        assert logged.lines(task, container) == ["up"]

    tasking.ecs.stop_task(cluster=tasking.cluster, task=task["taskArn"])
    tasking.stopped(task)

    apart = moment(logged, task, "proxy", 2) - moment(logged, task, "main", 2)
    assert apart >= 0.9


@fact("What does not end by SIGTERM is killed after its stopTimeout: exit code 137.", CONTAINER)
def test_a_stop_timeout(tasking: Tasking) -> None:
    check = {"command": ["CMD-SHELL", "test -e deaf"], "interval": 5, "retries": 10}
    task = tasking.run_one(tasking.container(DEAF, stopTimeout=2, healthCheck=check))
    tasking.until(task, lambda one: one["healthStatus"] == "HEALTHY")

    tasking.ecs.stop_task(cluster=tasking.cluster, task=task["taskArn"])
    stopped = tasking.stopped(task)

    assert stopped["containers"][0]["exitCode"] == 137
    assert (stopped["executionStoppedAt"] - stopped["stoppingAt"]).total_seconds() >= 2


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 255", 255), ("kill -9 $$", 137)]
)
@fact(
    "A container's exit code is its process's, 128 and the signal's number if one ended it.", TASK
)
def test_exit_codes(script: str, code: int, tasking: Tasking) -> None:
    stopped = tasking.stopped(tasking.run_one(tasking.container(script)))

    assert stopped["containers"][0]["exitCode"] == code


@fact(
    "A task stopped without a reason was stopped by its user: UserInitiated, exit code 143.",
    API + "API_StopTask.html " + GUIDE + "stopped-task-error-codes.html",
)
def test_a_task_stopped_by_its_user(tasking: Tasking) -> None:
    task = tasking.running(tasking.run_one())

    tasking.ecs.stop_task(cluster=tasking.cluster, task=task["taskArn"])
    stopped = tasking.stopped(task)

    assert stopped["stopCode"] == "UserInitiated"
    assert stopped["containers"][0]["exitCode"] == 143


@fact(
    "Health is UNKNOWN, HEALTHY once a check has passed, UNHEALTHY after as many failures as "
    "retries; a task that runs alone runs on.",
    HEALTH + " " + GUIDE + "healthcheck.html",
)
def test_the_health_of_a_task(tasking: Tasking) -> None:
    check = {"command": ["CMD-SHELL", "test -e well"], "interval": 5, "retries": 1}
    task = tasking.run_one(
        tasking.container(f"touch well; sleep 8; rm well; {SLEEP}", healthCheck=check)
    )

    seen = [tasking.running(task)["healthStatus"]]
    for status in ("HEALTHY", "UNHEALTHY"):
        shown = tasking.until(task, lambda one, status=status: one["healthStatus"] == status)  # type: ignore[misc]
        seen.append(shown["containers"][0]["healthStatus"])

    assert seen == ["UNKNOWN", "HEALTHY", "UNHEALTHY"]
    assert tasking.describe(task)["lastStatus"] == "RUNNING"


@fact(
    "A task's health is that of its essential containers that have health checks; without any it "
    "is UNKNOWN.",
    GUIDE + "healthcheck.html",
)
def test_health_is_of_essential_containers(tasking: Tasking) -> None:
    def checked(code: int) -> Json:
        check = {"command": ["CMD-SHELL", f"exit {code}"], "interval": 5, "retries": 1}
        return {"healthCheck": check}

    task = tasking.run_one(
        tasking.container(SLEEP, **checked(0)),
        tasking.container(SLEEP, name="plain"),
        beside(tasking, "ill", SLEEP, **checked(1)),
    )

    ill = tasking.until(task, lambda one: named(one)["ill"]["healthStatus"] == "UNHEALTHY")
    well = tasking.until(task, lambda one: one["healthStatus"] == "HEALTHY")

    assert ill["healthStatus"] != "UNHEALTHY"
    assert named(well)["plain"]["healthStatus"] == "UNKNOWN"


@fact(
    "What ends before its restart attempt period, or with an ignored exit code, is not restarted.",
    API + "API_ContainerRestartPolicy.html",
)
def test_a_restart_that_does_not_come(tasking: Tasking) -> None:
    for policy in ({"enabled": True}, {"enabled": True, "ignoredExitCodes": [4]}):
        task = tasking.run_one(tasking.container("exit 4", restartPolicy=policy))

        stopped = tasking.stopped(task)

        assert stopped["stopCode"] == "EssentialContainerExited"
        assert stopped["containers"][0]["exitCode"] == 4


@fact(
    "Every change of a task raises its version; its dates follow each other; its attributes tell "
    "what machine it is for.",
    TASK + " https://github.com/aws/aws-cli/blob/develop/awscli/examples/ecs/describe-tasks.rst",
)
def test_versions_and_dates(tasking: Tasking) -> None:
    task = tasking.run_one()
    seen = {task["version"]: task["lastStatus"]}

    def look(status: str) -> Json:
        def there() -> Json | None:
            shown = tasking.describe(task)
            assert seen.setdefault(shown["version"], shown["lastStatus"]) == shown["lastStatus"]
            return shown if shown["lastStatus"] == status else None

        return until(there)  # type: ignore[return-value]

    look("RUNNING")
    tasking.ecs.stop_task(cluster=tasking.cluster, task=task["taskArn"])
    stopped = look("STOPPED")

    assert list(seen) == sorted(seen)
    dates = ["createdAt", "pullStartedAt", "pullStoppedAt", "startedAt"]
    dates += ["stoppingAt", "executionStoppedAt", "stoppedAt"]
    assert dates == sorted(dates, key=lambda name: stopped[name])
    assert stopped["attributes"] == [{"name": "ecs.cpu-architecture", "value": "x86_64"}]
    assert stopped["connectivity"] == "CONNECTED"
    assert stopped["createdAt"] <= stopped["connectivityAt"] <= stopped["startedAt"]
