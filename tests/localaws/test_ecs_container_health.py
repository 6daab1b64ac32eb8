"""What becomes of a service whose containers have health checks: told second by second."""

from localaws.faults.asked import read
from tests.localaws.containing import BREAKER
from tests.localaws.living import Json, World, tell

CHECK = {"command": ["CMD", "check"], "interval": 10, "retries": 2, "timeout": 5}
CHECKED: Json = {"image": "main", "healthCheck": CHECK}
REASON = "Task failed container health checks"
STOPS_FIRST = {"maximumPercent": 100, "minimumHealthyPercent": 0}
MINUTE = 60.0


def service(world: World) -> Json:
    found = world.call("DescribeServices", cluster="c", services=["web"])["services"]
    return dict(found[0])


def said(world: World) -> list[str]:
    """Oldest first."""
    return [one["message"] for one in reversed(service(world)["events"])]


def rollout(world: World) -> str:
    return str(service(world)["deployments"][0]["rolloutState"])


def failed(world: World) -> int:
    return int(service(world)["deployments"][0]["failedTasks"])


async def completed(world: World) -> None:
    await world.until(lambda: rollout(world) == "COMPLETED", within=5 * MINUTE)


def deploy(world: World, **params: object) -> None:
    world.call("UpdateService", cluster="c", service="web", **params)


def test_a_task_counts_only_when_its_containers_are_healthy() -> None:
    async def story(world: World) -> None:
        world.script("main", healthy_after=35)
        world.serve({**CHECKED, "healthCheck": {**CHECK, "startPeriod": 60}})

        await world.clock.advance(39)
        assert (rollout(world), world.tasks()[0]["healthStatus"]) == ("IN_PROGRESS", "UNKNOWN")

        await world.clock.advance(2)
        assert (rollout(world), world.tasks()[0]["healthStatus"]) == ("COMPLETED", "HEALTHY")

    tell(story)


def test_an_unhealthy_task_is_replaced_first_and_stopped_after() -> None:
    async def story(world: World) -> None:
        world.script("main", healthy_for=100)
        world.serve(CHECKED)
        await completed(world)
        [old] = world.tasks()
        world.script("main")

        await world.until(lambda: len(world.tasks()) == 2, within=3 * MINUTE)
        assert world.task(old["taskArn"])["healthStatus"] == "UNHEALTHY"
        await world.until(lambda: len(world.tasks()) == 1, within=15)

        gone, [new] = world.task(old["taskArn"]), world.tasks()
        assert (gone["stoppedReason"], gone["stopCode"]) == (REASON, "ServiceSchedulerInitiated")
        ids = [one["taskArn"].rpartition("/")[2] for one in (old, new)]
        await world.until(lambda: "steady state" in said(world)[-1])
        assert said(world)[-4:] == [
            f"(service web) has started 1 tasks: (task {ids[1]}). Amazon ECS replaced 1 tasks due "
            "to an unhealthy status.",
            f"(service web) (task {ids[0]}) failed container health checks.",
            f"(service web) has stopped 1 running tasks: (task {ids[0]}).",
            "(service web) has reached a steady state.",
        ]

    tell(story)


def test_where_no_task_more_may_start_unhealthy_ones_go_one_by_one() -> None:
    async def story(world: World) -> None:
        world.script("main", healthy_for=100)
        world.serve(CHECKED, count=3, deploymentConfiguration=STOPS_FIRST)
        await completed(world)
        world.script("main")

        most = 0
        while sum(one["stoppedReason"] == REASON for one in world.tasks("STOPPED")) < 3:
            await world.clock.advance(1)
            most = max(most, len(world.tasks()))
            assert len(world.tasks()) >= 2
        assert most == 3

    tell(story)


def test_in_the_grace_period_containers_may_be_unhealthy() -> None:
    async def story(world: World) -> None:
        world.script("main", health="unhealthy")
        world.serve(CHECKED, healthCheckGracePeriodSeconds=300)

        await world.clock.advance(299)
        [task] = world.tasks()
        assert task["healthStatus"] == "UNHEALTHY"

        await world.until(lambda: len(world.tasks()) == 2, within=3)

    tell(story)


def test_the_grace_period_of_its_replacement_does_not_keep_an_unhealthy_task() -> None:
    async def story(world: World) -> None:
        world.script("main", health="unhealthy")
        world.serve(CHECKED, healthCheckGracePeriodSeconds=300)
        await world.until(lambda: len(world.tasks()) == 2, within=6 * MINUTE)
        old, new = (one["taskArn"] for one in world.tasks())

        await world.until(lambda: len(world.tasks()) == 1, within=MINUTE)

        assert world.task(old)["stoppedReason"] == REASON
        assert (world.task(new)["healthStatus"], len(world.tasks())) == ("UNHEALTHY", 1)

    tell(story)


def test_unhealthy_tasks_open_the_breaker_and_the_old_revision_serves_on() -> None:
    async def story(world: World) -> None:
        breaker = {**BREAKER, "rollback": True}
        world.serve(CHECKED, count=2, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
        await completed(world)
        old = {one["taskArn"] for one in world.tasks()}
        world.register({**CHECKED, "image": "bad", "name": "main"})
        world.script("bad", health="unhealthy")

        deploy(world, taskDefinition="it")

        await world.until(lambda: "rolling back" in " ".join(said(world)), within=10 * MINUTE)
        await completed(world)
        assert {one["taskArn"] for one in world.tasks()} == old
        assert [one["stoppedReason"] for one in world.tasks("STOPPED")].count(REASON) >= 3

    tell(story)


def test_a_healthy_task_resets_the_count_of_failures() -> None:
    async def story(world: World) -> None:
        world.script("main", healthy_after=1000)
        world.serve(CHECKED, deploymentConfiguration=STOPS_FIRST)
        await world.until(lambda: failed(world) == 1, within=2 * MINUTE)
        world.script("main")

        await world.until(lambda: failed(world) == 0, within=2 * MINUTE)
        assert [one["healthStatus"] for one in world.tasks()] == ["HEALTHY"]

    tell(story)


def test_health_outlives_a_restart_of_the_local_aws() -> None:
    async def story(world: World) -> None:
        world.serve(CHECKED)
        await completed(world)
        await world.clock.advance(1)

        await world.restart()

        assert world.tasks()[0]["healthStatus"] == "HEALTHY"
        steady = len(said(world))
        await world.clock.advance(5)
        assert len(said(world)) == steady

    tell(story)


def test_containers_are_never_healthy_until_the_fault_ends() -> None:
    """One that is healthy already is left alone."""

    async def story(world: World) -> None:
        world.serve(CHECKED)
        await completed(world)
        [old] = world.tasks()
        asked = {"kind": "never_healthy", "match": {"family": "it"}}
        fault = world.faults.begin(read(asked))
        deploy(world, forceNewDeployment=True)

        await world.clock.advance(3 * MINUTE)
        new = [one for one in world.tasks() if one["taskArn"] != old["taskArn"]]
        assert rollout(world) == "IN_PROGRESS"
        assert new
        assert "HEALTHY" not in {one["healthStatus"] for one in new}
        assert world.task(old["taskArn"])["healthStatus"] == "HEALTHY"

        world.faults.end(fault.id)
        await completed(world)

    tell(story)
