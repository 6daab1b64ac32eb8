"""What time does to services: waits, repetitions, what is forgotten."""

import pytest

from localaws.wire import AwsError
from tests.localaws.alone import World, steady, tell
from tests.localaws.containing import BREAKER

HOUR = 3600.0


def test_stopped_tasks_and_deleted_services_are_shown_for_an_hour() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        world.call("DeleteService", cluster="c", service="web", force=True)
        await world.until(lambda: world.service()["status"] == "INACTIVE")
        stopped = {"cluster": "c", "desiredStatus": "STOPPED"}

        await world.clock.advance(0.9 * HOUR)
        assert len(world.call("ListTasks", **stopped)["taskArns"]) == 1
        assert world.service()["status"] == "INACTIVE"

        await world.clock.advance(0.2 * HOUR)
        assert world.call("ListTasks", **stopped)["taskArns"] == []
        gone = world.call("DescribeServices", cluster="c", services=["web"])
        assert [one["reason"] for one in gone["failures"]] == ["MISSING"]

    tell(story)


def test_the_same_trouble_is_told_again_after_six_hours() -> None:
    async def story(world: World) -> None:
        world.create(1, memory=9000)
        await world.until(lambda: world.said("was unable to place a task"))
        await world.clock.advance(5 * HOUR)
        assert world.said("was unable to place a task") == 1

        await world.clock.advance(2 * HOUR)
        assert world.said("was unable to place a task") == 2
        assert world.actions() == [("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE")] * 2

    tell(story)


def test_missing_capacity_counts_as_failure_only_now_and_then() -> None:
    async def story(world: World) -> None:
        world.create(1, memory=9000, deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
        for failures in (1, 2, 3):
            await world.until(
                lambda n=failures: world.service()["deployments"][0]["failedTasks"] == n
            )
            await world.clock.advance(14)
            assert world.service()["deployments"][0]["failedTasks"] == failures
            await world.clock.advance(1)

        assert world.service()["deployments"][0]["rolloutState"] == "FAILED"

    tell(story)


def test_a_task_placed_late_is_placed_as_soon_as_there_is_room() -> None:
    async def story(world: World) -> None:
        world.create(1, memory=9000)
        await world.until(lambda: world.said("was unable to place a task"))

        world.ecs.add_instance("c", "i-2", "127.0.0.1", "us-east-1b", memory=10_000)

        await steady(world)

    tell(story)


def test_tasks_that_ran_are_not_slowed_down_by_the_back_off() -> None:
    async def story(world: World) -> None:
        world.scripts(exits_after=3)
        world.create(1)
        await world.until(lambda: world.service()["deployments"][0]["rolloutState"] == "COMPLETED")

        await world.clock.advance(60)

        stopped = world.call("ListTasks", cluster="c", desiredStatus="STOPPED")["taskArns"]
        assert 60 / 5.1 < len(stopped) < 60 / 3
        assert world.said("is unable to consistently start tasks successfully.") == 0
        world.scripts()
        await steady(world)

    tell(story)


def test_tasks_that_never_ran_are_slowed_down_and_it_is_said() -> None:
    async def story(world: World) -> None:
        world.scripts(pull_error="not found")
        world.create(1)
        await world.clock.advance(2 * HOUR)

        assert 15 < world.service()["deployments"][0]["failedTasks"] < 20
        assert world.said("is unable to consistently start tasks successfully.") == 1
        assert world.actions() == [("WARN", "SERVICE_TASK_START_IMPAIRED")]
        world.scripts()
        await world.until(lambda: world.service()["runningCount"] == 1, within=27 * 60)

    tell(story)


def test_a_steady_state_is_told_again_every_six_hours() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        await world.clock.advance(5.9 * HOUR)
        assert world.said("has reached a steady state.") == 1

        await world.clock.advance(12 * HOUR)

        assert world.said("has reached a steady state.") == 3
        assert world.actions() == [("INFO", "SERVICE_STEADY_STATE")] * 3

    tell(story)


def test_service_deployments_are_kept_for_ninety_days() -> None:
    async def story(world: World) -> None:
        world.create(0)
        await steady(world)
        of_it = {"cluster": "c", "service": "web"}
        [first] = world.call("ListServiceDeployments", **of_it)["serviceDeployments"]
        await world.clock.advance(89 * 24 * HOUR)
        assert len(world.call("ListServiceDeployments", **of_it)["serviceDeployments"]) == 1

        await world.clock.advance(1.1 * 24 * HOUR)

        assert world.call("ListServiceDeployments", **of_it)["serviceDeployments"] == []
        arn = first["serviceDeploymentArn"]
        gone = world.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])
        assert [one["reason"] for one in gone["failures"]] == ["MISSING"]
        [current] = world.service()["currentServiceRevisions"]
        kept = world.call("DescribeServiceRevisions", serviceRevisionArns=[current["arn"]])
        assert len(kept["serviceRevisions"]) == 1

    tell(story)


def test_the_newest_hundred_events_are_kept() -> None:
    async def story(world: World) -> None:
        world.create(0)
        for count in range(1, 61):
            world.call("UpdateService", cluster="c", service="web", desiredCount=count % 2)
            await world.clock.advance(10)

        events = world.service()["events"]
        assert len(events) == 100
        assert "has reached a steady state." in events[0]["message"]
        assert "deployment completed" not in str(events)
        assert [one["createdAt"] for one in events] == sorted(
            (one["createdAt"] for one in events), reverse=True
        )
        assert len({one["id"] for one in events}) == 100

    tell(story)


def test_at_rest_nothing_is_looked_at() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        await world.clock.advance(60)
        looks, take = [], world.ecs._scheduler.steps.take
        world.ecs._scheduler.steps.take = lambda service: looks.append(service) or take(service)

        await world.clock.advance(5 * HOUR)

        assert looks == []

    tell(story)


def test_a_stopped_task_is_replaced_by_its_service_alone() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        [arn] = world.call("ListTasks", cluster="c")["taskArns"]

        world.call("StopTask", cluster="c", task=arn)

        await steady(world)
        assert world.call("ListTasks", cluster="c")["taskArns"] != [arn]

    tell(story)


def test_a_sixth_deployment_is_refused_while_five_have_tasks() -> None:
    async def story(world: World) -> None:
        world.scripts(stops_after=None)  # so that old tasks linger
        world.create(1)
        await steady(world)
        update = {"cluster": "c", "service": "web", "forceNewDeployment": True}
        for _ in range(4):
            world.call("UpdateService", **update)
            await world.until(lambda: world.service()["deployments"][0]["runningCount"] == 1)

        statuses = [one["status"] for one in world.service()["deployments"]]
        assert statuses == ["PRIMARY", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"]
        with pytest.raises(AwsError, match="5 active deployments exist"):
            world.call("UpdateService", **update)

    tell(story)


def test_rollouts_and_stopped_tasks_are_service_actions_too() -> None:
    async def story(world: World) -> None:
        world.create(1, deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
        await steady(world)
        world.call("UpdateService", cluster="c", service="web", desiredCount=0)
        await steady(world)
        world.scripts(pull_error="not found")
        more = {"desiredCount": 1, "forceNewDeployment": True}
        world.call("UpdateService", cluster="c", service="web", **more)
        await world.clock.advance(60)

        told = [one for kind, one in world.events.emitted if kind == "ECS Service Action"]
        names = [one["eventName"] for one in told]
        assert names[:2] == ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"]
        assert "TASKS_STOPPED" in names
        failed = [one for one in told if one["eventName"] == "SERVICE_DEPLOYMENT_FAILED"]
        assert [one["eventType"] for one in failed] == ["ERROR"]

    tell(story)


def test_a_deleted_cluster_is_refused_as_inactive() -> None:
    async def story(world: World) -> None:
        world.call("CreateCluster", clusterName="gone")
        world.call("DeleteCluster", cluster="gone")

        with pytest.raises(AwsError, match="The referenced cluster was inactive"):
            world.call("ListServices", cluster="gone")

    tell(story)
