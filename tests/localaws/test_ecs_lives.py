"""Lives of tasks: several containers, health, restarts, how they stop and why."""

import asyncio

from tests.localaws.living import Json, World, tell

CHECK = {"command": ["CMD-SHELL", "exit 0"]}


def needs(**conditions: str) -> Json:
    found = [{"containerName": name, "condition": it} for name, it in conditions.items()]
    return {"dependsOn": found}


def test_containers_start_when_what_they_need_is_there() -> None:
    async def story(world: World) -> None:
        world.script("init", exits_after=4, exit_code=0)
        task = world.run(
            {"image": "main", **needs(proxy="HEALTHY")},
            {"image": "proxy", "healthCheck": {**CHECK, "interval": 10}, **needs(init="SUCCESS")},
            {"image": "init", "essential": False},
        )

        await world.clock.advance(3)
        assert world.driver.names == ["init"]
        await world.clock.advance(1)
        assert world.driver.names == ["init", "proxy"]
        await world.clock.advance(9)
        assert (world.task(task)["lastStatus"], len(world.driver.names)) == ("PENDING", 2)
        await world.clock.advance(1)
        assert world.driver.names == ["init", "proxy", "main"]
        assert world.task(task)["lastStatus"] == "RUNNING"
        assert world.container(task, "init")["exitCode"] == 0

    tell(story)


def test_a_dependency_that_fails_keeps_the_task_from_starting() -> None:
    async def story(world: World) -> None:
        world.script("init", exits_after=4, exit_code=3)

        task = await world.stopped(
            world.run(
                {"image": "main", **needs(init="SUCCESS")}, {"image": "init", "essential": False}
            )
        )

        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"] == "Task failed to start"
        # both as in aws/amazon-ecs-agent#3218
        assert world.container(task["taskArn"])["reason"] == (
            "CannotStartContainerError: dependency graph: failed to resolve container ordering "
            "dependency [init(init) (STOPPED->RUNNING) - Exit: 3] for target "
            "[main(main) (NONE->RUNNING)] as dependency did not exit successfully."
        )
        assert world.container(task["taskArn"])["exitCode"] == 143
        assert world.driver.names == ["init"]

    tell(story)


def test_one_that_cannot_start_and_is_not_essential_is_left_behind() -> None:
    async def story(world: World) -> None:
        world.script("init", exits_after=4, exit_code=3)
        world.script("absent", pull_error="manifest unknown")

        arn = world.run(
            {"image": "main"},
            {"image": "init", "essential": False},
            {"image": "after", "essential": False, **needs(init="SUCCESS")},
            {"image": "absent", "essential": False},
            {"image": "last", "essential": False, **needs(absent="START")},
        )
        await world.running(arn)

        assert world.driver.names == ["main", "init", "last"]
        assert world.container(arn, "absent")["reason"].startswith("CannotPullContainerError: ")
        assert "exitCode" not in world.container(arn, "absent")
        after = world.container(arn, "after")
        assert (after["lastStatus"], after["exitCode"]) == ("STOPPED", 143)

    tell(story)


def test_a_dependency_is_given_up_after_its_start_timeout() -> None:
    async def story(world: World) -> None:
        arn = world.run(
            {"image": "main", **needs(init="COMPLETE")},
            {"image": "init", "essential": False, "startTimeout": 60},
        )

        await world.clock.advance(59)
        assert world.task(arn)["lastStatus"] == "PENDING"
        task = await world.stopped(arn)

        assert world.container(arn)["reason"] == (
            "CannotStartContainerError: dependency graph: container ordering dependency "
            "[init(init) (RUNNING->RUNNING)] for target [main(main) (NONE->RUNNING)] has timed out."
        )
        assert task["stoppedReason"] == "Task failed to start"
        assert world.container(arn, "init")["exitCode"] == 143

    tell(story)


def test_who_is_needed_stops_last() -> None:
    async def story(world: World) -> None:
        world.script("main", stops_after=5)
        arn = world.run({"image": "main", **needs(proxy="START")}, {"image": "proxy"})
        await world.running(arn)

        world.stop(arn)
        await world.clock.advance(4)
        statuses = [world.container(arn, name)["lastStatus"] for name in ("main", "proxy")]
        assert statuses == ["RUNNING", "RUNNING"]
        task = await world.stopped(arn)

        stopping = (task["stoppedAt"] - task["stoppingAt"]).total_seconds()
        assert stopping == 5

    tell(story)


def test_one_essential_container_takes_all_along_and_others_do_not() -> None:
    async def story(world: World) -> None:
        world.script("side", exits_after=2, exit_code=7)
        world.script("main", exits_after=5, exit_code=0)
        arn = world.run(
            {"image": "main"}, {"image": "side", "essential": False}, {"image": "third"}
        )

        await world.clock.advance(3)
        assert world.task(arn)["lastStatus"] == "RUNNING"
        assert world.container(arn, "side")["exitCode"] == 7
        task = await world.stopped(arn)

        assert task["stopCode"] == "EssentialContainerExited"
        assert task["stoppedReason"] == "Essential container in task exited"
        codes = {one["name"]: one["exitCode"] for one in task["containers"]}
        assert codes == {"main": 0, "side": 7, "third": 143}

    tell(story)


def test_sigkill_comes_after_thirty_seconds_or_the_stop_timeout() -> None:
    async def story(world: World) -> None:
        world.script("main", stops_after=None)
        for timeout, seconds in (({}, 30), ({"stopTimeout": 2}, 2), ({"stopTimeout": 100}, 100)):
            arn = world.run({"image": "main", **timeout})
            await world.running(arn)
            world.stop(arn)

            task = await world.stopped(arn, within=200)

            assert (task["stoppedAt"] - task["stoppingAt"]).total_seconds() == seconds
            assert task["containers"][0]["exitCode"] == 137

    tell(story)


def test_a_container_that_ran_out_of_memory_says_so() -> None:
    async def story(world: World) -> None:
        world.script("main", exits_after=1, exit_code=137, out_of_memory=True)

        task = await world.stopped(world.run({"image": "main"}))

        assert task["containers"][0]["exitCode"] == 137
        assert task["containers"][0]["reason"] == (
            "OutOfMemoryError: Container killed due to memory usage"
        )
        assert task["stoppedReason"] == "Essential container in task exited"

    tell(story)


def test_health_is_unknown_then_healthy_then_unhealthy_after_the_retries() -> None:
    async def story(world: World) -> None:
        world.script("main", healthy_after=20, healthy_for=100)
        arn = world.run({"image": "main", "healthCheck": {**CHECK, "startPeriod": 60}})

        seen = []
        for _ in range(7):
            await world.clock.advance(30)
            task = world.task(arn)
            seen.append((task["healthStatus"], task["containers"][0]["healthStatus"]))

        assert [task for task, _ in seen] == [container for _, container in seen]
        assert [task for task, _ in seen] == [*["HEALTHY"] * 5, "UNHEALTHY", "UNHEALTHY"]
        assert world.task(arn)["lastStatus"] == "RUNNING"  # nobody replaces one that runs alone

    tell(story)


def test_failures_within_the_start_period_do_not_count() -> None:
    async def story(world: World) -> None:
        world.script("main", healthy_after=1000)
        check = {**CHECK, "interval": 10, "retries": 2, "startPeriod": 45}
        arn = world.run({"image": "main", "healthCheck": check})

        await world.clock.advance(59)
        assert world.task(arn)["healthStatus"] == "UNKNOWN"
        await world.clock.advance(1)
        assert world.task(arn)["healthStatus"] == "UNHEALTHY"

    tell(story)


def test_health_of_a_task_is_that_of_its_essential_containers() -> None:
    async def story(world: World) -> None:
        world.script("side", healthy_after=1000)
        check = {"healthCheck": {**CHECK, "interval": 5, "retries": 1}}
        arn = world.run({"image": "main", **check}, {"image": "side", "essential": False, **check})

        await world.clock.advance(6)

        assert world.container(arn, "side")["healthStatus"] == "UNHEALTHY"
        assert world.task(arn)["healthStatus"] == "HEALTHY"

    tell(story)


def test_a_restart_policy_starts_a_container_again_where_it_is() -> None:
    async def story(world: World) -> None:
        world.script("main", exits_after=100, exit_code=1)
        policy = {"enabled": True, "restartAttemptPeriod": 60}
        arn = world.run({"image": "main", "restartPolicy": policy})
        await world.running(arn)

        await world.clock.advance(250)

        assert world.driver.names == ["main"] * 3
        assert world.task(arn)["lastStatus"] == "RUNNING"
        assert "exitCode" not in world.container(arn)
        world.stop(arn)
        assert (await world.stopped(arn))["containers"][0]["exitCode"] == 143

    tell(story)


def test_what_ends_early_or_with_an_ignored_code_is_not_started_again() -> None:
    async def story(world: World) -> None:
        world.script("main", exits_after=100, exit_code=5)
        for policy in (
            {"enabled": True},  # 300 seconds
            {"enabled": True, "restartAttemptPeriod": 60, "ignoredExitCodes": [5]},
            {"enabled": False, "restartAttemptPeriod": 60},
        ):
            task = await world.stopped(world.run({"image": "main", "restartPolicy": policy}), 200)

            assert task["stopCode"] == "EssentialContainerExited"
            assert task["containers"][0]["exitCode"] == 5

    tell(story)


def test_a_task_that_is_pulling_stops_at_once() -> None:
    async def story(world: World) -> None:
        world.script("main", pull_seconds=600)
        arn = world.run()
        await world.clock.advance(5)
        assert world.task(arn)["lastStatus"] == "PENDING"

        world.stop(arn)
        task = await world.stopped(arn)

        assert (task["stoppedAt"] - task["stoppingAt"]).total_seconds() == 0
        assert task["stopCode"] == "UserInitiated"
        assert world.driver.names == []

    tell(story)


def test_dates_tell_how_a_task_went() -> None:
    async def story(world: World) -> None:
        world.script("main", pull_seconds=3, start_seconds=2, exits_after=10)
        task = await world.stopped(world.run(), 60)

        def after(name: str) -> float:
            return float((task[name] - task["createdAt"]).total_seconds())

        assert [after("pullStartedAt"), after("pullStoppedAt"), after("startedAt")] == [0, 3, 5]
        assert after("stoppingAt") == after("executionStoppedAt") == after("stoppedAt") == 15

    tell(story)


def test_to_a_deployment_a_tag_means_what_it_meant_at_first() -> None:
    async def story(world: World) -> None:
        async def more(count: int, **change: object) -> str:
            """By what the next task's image is pulled."""
            asked = {"cluster": "c", "service": "web", "desiredCount": count}
            before = len(world.driver.launched)
            world.call("UpdateService", **asked, **change)
            await world.until(lambda: len(world.driver.launched) > before, 60)
            await world.clock.advance(5)
            return world.driver.launched[before][0].image.reference

        world.serve({"image": "app:v1", "name": "main"})
        await world.clock.advance(5)
        digest = world.container(world.tasks()[0]["taskArn"])["imageDigest"]

        assert world.driver.launched[0][0].image.reference == "app:v1"
        assert await more(2) == f"app:v1@{digest}"
        assert await more(2, forceNewDeployment=True) == "app:v1"
        world.register({"image": "app:v1", "name": "main", "versionConsistency": "disabled"})
        assert await more(2, taskDefinition="it") == "app:v1"
        assert await more(3) == "app:v1"

    tell(story)


def test_a_running_task_costs_one_coroutine_a_container() -> None:
    async def story(world: World) -> None:
        before = len(asyncio.all_tasks())
        world.serve(count=300)
        await world.until(lambda: len(world.driver.launched) == 300)
        await world.clock.advance(5)

        assert {one["lastStatus"] for one in world.tasks()} == {"RUNNING"}
        assert len(asyncio.all_tasks()) - before <= 310

    tell(story, memory=1_000_000)
