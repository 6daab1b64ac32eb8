"""What containers say, in CloudWatch Logs"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.logged import Logged
from tests.conformance.refusing import refusal
from tests.conformance.tasking import Tasking

Json = dict[str, Any]
AWSLOGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
OPTIONS = (
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html " + AWSLOGS
)

AFTER_OTHER = {"containerName": "other", "condition": "COMPLETE"}  # an essential's end ends both


@pytest.fixture
def logged(aws: Aws, name: str) -> Iterator[Logged]:
    """Whose group a test has to make."""
    of_the_test = Logged(aws.client("logs"), aws.region, name)
    yield of_the_test
    of_the_test.clean()


def options(configuration: Json, **more: str) -> Json:
    logs = configuration["logConfiguration"]
    return {"logConfiguration": {**logs, "options": {**logs["options"], **more}}}


@fact("A container's stream is named prefix/container/task id.", AWSLOGS)
def test_how_a_stream_is_named(tasking: Tasking, logged: Logged) -> None:
    logged.create()
    task = tasking.run_one(
        tasking.container("echo one", dependsOn=[AFTER_OTHER], **logged.configuration),
        tasking.container("echo two", name="other", essential=False, **logged.configuration),
    )

    said = [logged.lines(task, name) for name in ("main", "other")]

    assert said == [["one"], ["two"]]
    task_id = task["taskArn"].rpartition("/")[2]
    streams = logged.logs.describe_log_streams(logGroupName=logged.name)["logStreams"]
    assert {one["logStreamName"] for one in streams} == {
        f"said/main/{task_id}",
        f"said/other/{task_id}",
    }


@fact("Standard output and standard error are logged, a line an event.", AWSLOGS)
def test_both_outputs_are_logged(tasking: Tasking, logged: Logged) -> None:
    logged.create()
    script = "echo out; sleep 1; echo err >&2; sleep 1; printf 'two\\nlines'"

    task = tasking.run_one(tasking.container(script, **logged.configuration))

    assert logged.lines(task, count=4) == ["out", "err", "two", "lines"]


@fact("A group is made where awslogs-create-group says so.", OPTIONS)
def test_a_group_is_made(tasking: Tasking, logged: Logged) -> None:
    create = {"awslogs-create-group": "true"}

    task = tasking.run_one(tasking.container("echo one", **options(logged.configuration, **create)))

    tasking.stopped(task)
    assert logged.lines(task) == ["one"]


@fact("The mode of delivery is blocking or non-blocking.", OPTIONS)
def test_modes_of_delivery(tasking: Tasking, logged: Logged) -> None:
    logged.create()
    for mode in ("blocking", "non-blocking"):
        whole = options(logged.configuration, mode=mode)
        task = tasking.run_one(tasking.container(f"echo {mode}", **whole))
        assert logged.lines(task) == [mode]

    wrong = tasking.container(**options(logged.configuration, mode="sometimes"))
    assert refusal(tasking.register, wrong)[0] == "ClientException"
