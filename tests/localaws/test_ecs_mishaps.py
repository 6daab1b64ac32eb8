"""What is told to go wrong with tasks, in AWS's words, and that it ends when it is told to."""

import pytest

from localaws.faults.asked import read
from localaws.wire import AwsError
from tests.localaws.living import Json, World, tell

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1"
MAIN = {"name": "main", "image": IMAGE}


@pytest.mark.parametrize(
    ("kind", "params", "reason"),
    [
        (
            "pull_denied",
            {},
            "CannotPullContainerError: Error response from daemon: pull access denied for "
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/app, repository does not exist or may "
            "require 'docker login'",
        ),
        (
            "pull_missing",
            {},
            "CannotPullImageManifestError: Error response from daemon: manifest unknown: Requested "
            "image not found",
        ),
        (
            "disk_full",
            {},
            "CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space "
            "left on device",
        ),
        ("disk_full", {"pulled": True}, "CannotCreateContainerError: Error response from daemon: "),
    ],
)
def test_a_task_that_cannot_start(kind: str, params: Json, reason: str) -> None:
    async def story(world: World) -> None:
        fault = world.fault(kind, **params)

        task = await world.stopped(world.run(MAIN))

        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"] == "Task failed to start"
        assert task["containers"][0]["reason"].startswith(reason)
        assert "startedAt" not in task
        world.faults.end(fault)
        await world.running(world.run(MAIN))

    tell(story)


@pytest.mark.parametrize(
    "container",
    [{"image": IMAGE.replace(":v1", "@sha256:" + "0" * 64)}, {"versionConsistency": "disabled"}],
)
def test_what_is_not_resolved_is_missed_when_it_is_pulled(container: Json) -> None:
    async def story(world: World) -> None:
        world.fault("pull_missing")

        task = await world.stopped(world.run(MAIN | container))

        image = task["containers"][0]["image"]
        assert task["containers"][0]["reason"] == (
            f"CannotPullContainerError: Error response from daemon: manifest for {image} not "
            "found: manifest unknown: Requested image not found"
        )

    tell(story)


def test_a_slow_pull() -> None:
    async def story(world: World) -> None:
        world.fault("pull_slow", seconds=90)
        arn = world.run(MAIN)

        await world.clock.advance(89)
        assert world.task(arn)["lastStatus"] == "PENDING"
        task = await world.running(arn)

        assert (task["pullStoppedAt"] - task["pullStartedAt"]).total_seconds() == 90

    tell(story)


def test_a_container_exits_with_a_code_after_a_while() -> None:
    async def story(world: World) -> None:
        world.fault("exit", code=42, after=20)
        arn = world.run(MAIN)

        await world.clock.advance(19)
        assert world.task(arn)["lastStatus"] == "RUNNING"
        task = await world.stopped(arn)

        assert task["stopCode"] == "EssentialContainerExited"
        assert task["containers"][0]["exitCode"] == 42

    tell(story)


def test_an_end_that_was_withdrawn_does_not_come() -> None:
    async def story(world: World) -> None:
        fault = world.fault("exit", code=42, after=20)
        arn = world.run(MAIN)
        await world.running(arn)

        world.faults.end(fault)
        await world.clock.advance(60)

        assert world.task(arn)["lastStatus"] == "RUNNING"
        world.stop(arn)
        assert (await world.stopped(arn))["containers"][0]["exitCode"] == 143

    tell(story)


def test_a_container_is_killed_for_its_memory() -> None:
    async def story(world: World) -> None:
        world.fault("out_of_memory", after=5)

        task = await world.stopped(world.run(MAIN))

        assert task["containers"][0]["exitCode"] == 137
        assert task["containers"][0]["reason"] == (
            "OutOfMemoryError: Container killed due to memory usage"
        )

    tell(story)


def test_a_container_crashes_after_it_was_healthy_for_a_while() -> None:
    async def story(world: World) -> None:
        world.fault("healthy_then_crash", code=2, after=100)
        check = {"command": ["CMD", "x"], "interval": 30}
        arn = world.run({**MAIN, "healthCheck": check})

        await world.clock.advance(120)
        assert world.task(arn)["healthStatus"] == "HEALTHY"
        task = await world.stopped(arn, within=20)

        assert task["containers"][0]["exitCode"] == 2
        assert (task["stoppedAt"] - task["startedAt"]).total_seconds() == pytest.approx(130, abs=2)

    tell(story)


@pytest.mark.parametrize(
    ("fact", "concerned"),
    [("web", False), ("", True)],
)
def test_only_what_matches_goes_wrong(fact: str, concerned: bool) -> None:
    async def story(world: World) -> None:
        match = {"service": fact, "family": "it", "cluster": "c", "instance": "i-*"}
        world.faults.begin(read({"kind": "exit", "match": match}))
        arn = world.run(MAIN)

        await world.clock.advance(1)

        assert (world.task(arn)["lastStatus"] == "STOPPED") is concerned

    tell(story)


def logging(**options: str) -> Json:
    told = {"awslogs-group": "app", "awslogs-region": "us-east-1", **options}
    return {**MAIN, "logConfiguration": {"logDriver": "awslogs", "options": told}}


def test_a_log_group_that_is_not_there_keeps_the_task_from_starting() -> None:
    async def story(world: World) -> None:
        world.around.refusals["CreateLogStream"] = AwsError(
            "ResourceNotFoundException", "The specified log group does not exist."
        )

        task = await world.stopped(world.run(logging()))

        assert task["stopCode"] == "TaskFailedToStart"
        # as in https://github.com/prakhar1989/docker-curriculum/issues/253
        assert task["containers"][0]["reason"] == (
            "CannotStartContainerError: Error response from daemon: failed to initialize logging "
            "driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The "
            "specified log group does not exist."
        )

    tell(story)


def test_a_log_group_is_made_where_it_is_asked_for() -> None:
    async def story(world: World) -> None:
        for options in ({}, {"awslogs-create-group": "true", "awslogs-stream-prefix": "v1"}):
            await world.running(world.run(logging(**options)))

        operations = [name for name, _ in world.around.called]
        assert operations == ["CreateLogStream", "CreateLogGroup", "CreateLogStream"]
        assert world.around.called[-1][1]["logStreamName"].startswith("v1/main/")

    tell(story)


def test_lines_are_shipped_in_batches_with_pauses() -> None:
    async def story(world: World) -> None:
        world.script("main", says=[f"line {number}" for number in range(2500)])
        await world.running(world.run({**logging(), "image": "main"}))

        def puts() -> list[int]:
            called = world.around.called
            return [len(it["logEvents"]) for name, it in called if name == "PutLogEvents"]

        assert puts() == [1000]
        await world.clock.advance(0.2)
        assert puts() == [1000, 1000]
        await world.clock.advance(0.2)
        assert puts() == [1000, 1000, 500]

    tell(story)


def test_a_full_buffer_loses_its_oldest_lines() -> None:
    async def story(world: World) -> None:
        world.script("main", says=[f"line {number:05}" for number in range(1000)])
        options = {"max-buffer-size": "1k", "mode": "non-blocking"}
        await world.running(world.run({**logging(**options), "image": "main"}))

        put = next(it for name, it in world.around.called if name == "PutLogEvents")
        lines = [event["message"] for event in put["logEvents"]]
        assert len(lines) == 1024 // (10 + 26)
        assert lines[-1] == "line 00999"

    tell(story)
