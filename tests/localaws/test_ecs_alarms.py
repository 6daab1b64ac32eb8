"""Rollouts watched by CloudWatch alarms: when they bake, fail and go back."""

import pytest

from localaws.ecs.services import alarms
from localaws.ecs.services.alarms import Alarm
from localaws.wire import AwsError
from tests.localaws.living import Json, World, tell

MINUTE = 60.0
WATCHED = {"alarms": {"alarmNames": ["slow", "wrong"], "enable": True, "rollback": True}}
WHY = "Service deployment rolled back because of one or more active alarms."


def service(world: World) -> Json:
    found = world.call("DescribeServices", cluster="c", services=["web"])["services"]
    return dict(found[0])


def states(world: World) -> list[str]:
    return [one["rolloutState"] for one in service(world)["deployments"]]


def said(world: World, words: str) -> bool:
    return any(words in one["message"] for one in service(world)["events"])


def newest(world: World) -> Json:
    listed = world.call("ListServiceDeployments", cluster="c", service="web")
    arn = listed["serviceDeployments"][0]["serviceDeploymentArn"]
    found = world.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])
    return dict(found["serviceDeployments"][0])


async def rolling(world: World, **configuration: object) -> None:
    """A second rollout, whose alarms are watched."""
    world.around.alarms |= {"slow": "OK", "wrong": "OK"} | world.around.alarms
    world.serve(count=2)
    await world.until(lambda: states(world) == ["COMPLETED"])
    world.register({"image": "new", "name": "main"})
    asked = {**WATCHED, **configuration}
    world.call(
        "UpdateService",
        cluster="c",
        service="web",
        taskDefinition="it",
        deploymentConfiguration=asked,
    )


def test_a_rollout_bakes_as_long_as_its_slowest_alarm_evaluates() -> None:
    async def story(world: World) -> None:
        await rolling(world)
        await world.until(lambda: len(world.tasks("STOPPED")) == 2)
        assert newest(world)["alarms"] == {
            "status": "MONITORING",
            "alarmNames": ["slow", "wrong"],
            "triggeredAlarmNames": [],
        }

        await world.clock.advance(119)
        assert states(world) == ["IN_PROGRESS", "COMPLETED"]  # the old one is there, and empty
        assert [one["runningCount"] for one in service(world)["deployments"]] == [2, 0]

        await world.until(lambda: states(world) == ["COMPLETED"], within=3)
        assert (newest(world)["status"], newest(world)["alarms"]["status"]) == (
            "SUCCESSFUL",
            "MONITORING_COMPLETE",
        )

    tell(story)


def test_an_alarm_while_it_bakes_takes_a_rollout_back() -> None:
    async def story(world: World) -> None:
        await rolling(world)
        await world.until(lambda: len(world.tasks("STOPPED")) == 2)
        await world.clock.advance(60)

        world.around.alarms["wrong"] = "ALARM"

        await world.until(lambda: newest(world)["status"] == "ROLLBACK_IN_PROGRESS")
        bad, good = (one["id"] for one in reversed(service(world)["deployments"]))
        assert said(world, f"(service web) (deployment {bad}) deployment failed: alarm detected.")
        assert said(world, f"(service web) rolling back to deployment {good}.")
        await world.until(lambda: newest(world)["status"] == "ROLLBACK_SUCCESSFUL", within=MINUTE)
        assert newest(world)["statusReason"] == newest(world)["rollback"]["reason"] == WHY
        assert newest(world)["alarms"]["triggeredAlarmNames"] == ["wrong"]
        assert newest(world)["alarms"]["status"] == "TRIGGERED"
        assert {one["containers"][0]["image"] for one in world.tasks()} == {"main"}
        assert states(world) == ["COMPLETED"]

    tell(story)


def test_an_alarm_in_the_middle_of_a_rollout_fails_it() -> None:
    async def story(world: World) -> None:
        world.script("new", start_seconds=20)
        await rolling(world)
        await world.clock.advance(1)
        world.around.alarms["slow"] = "ALARM"

        await world.clock.advance(15)
        assert newest(world)["status"] == "IN_PROGRESS"  # no task of it runs yet

        await world.until(lambda: newest(world)["status"] == "ROLLBACK_SUCCESSFUL", within=MINUTE)

    tell(story)


def test_without_rollback_a_failed_rollout_stays_and_starts_nothing() -> None:
    async def story(world: World) -> None:
        await rolling(world, alarms={**WATCHED["alarms"], "rollback": False})
        await world.clock.advance(1)
        world.around.alarms["slow"] = "ALARM"

        await world.until(lambda: states(world)[0] == "FAILED")

        stopped = newest(world)
        assert (stopped["status"], "stoppedAt" in stopped) == ("STOPPED", True)
        assert not said(world, "rolling back")

    tell(story)


def test_a_rollout_that_bakes_can_be_stopped_and_superseded() -> None:
    async def story(world: World) -> None:
        await rolling(world)
        await world.until(lambda: len(world.tasks("STOPPED")) == 2)
        stopped = newest(world)["serviceDeploymentArn"]

        world.call("StopServiceDeployment", serviceDeploymentArn=stopped)
        await world.until(lambda: newest(world)["status"] == "ROLLBACK_SUCCESSFUL", within=MINUTE)
        assert newest(world)["alarms"]["status"] == "MONITORING_COMPLETE"
        assert {one["containers"][0]["image"] for one in world.tasks()} == {"main"}

        world.call("UpdateService", cluster="c", service="web", forceNewDeployment=True)
        await world.clock.advance(30)
        former = newest(world)["serviceDeploymentArn"]
        world.call("UpdateService", cluster="c", service="web", forceNewDeployment=True)
        await world.until(lambda: states(world) == ["COMPLETED"], within=4 * MINUTE)
        found = world.call("DescribeServiceDeployments", serviceDeploymentArns=[former])
        [superseded] = found["serviceDeployments"]
        assert (superseded["status"], newest(world)["status"]) == ("STOPPED", "SUCCESSFUL")

    tell(story)


def test_what_alarms_already_when_a_rollout_begins_is_not_watched() -> None:
    async def story(world: World) -> None:
        world.around.alarms["wrong"] = "ALARM"
        await rolling(world)

        await world.until(lambda: states(world) == ["COMPLETED"], within=3 * MINUTE)

        assert newest(world)["status"] == "SUCCESSFUL"

    tell(story)


def test_alarms_that_are_not_enabled_are_not_asked_for() -> None:
    async def story(world: World) -> None:
        await rolling(world, alarms={**WATCHED["alarms"], "enable": False})

        await world.until(lambda: states(world) == ["COMPLETED"])

        assert newest(world)["alarms"] == {
            "status": "DISABLED",
            "alarmNames": [],
            "triggeredAlarmNames": [],
        }
        assert "DescribeAlarms" not in [operation for operation, _ in world.around.called]

    tell(story)


def test_a_rollout_is_watched_on_after_a_restart_of_the_local_aws() -> None:
    async def story(world: World) -> None:
        await rolling(world)
        await world.until(lambda: len(world.tasks("STOPPED")) == 2)
        await world.clock.advance(30)

        await world.restart()
        await world.clock.advance(1)
        world.around.alarms["slow"] = "ALARM"

        await world.until(lambda: newest(world)["status"] == "ROLLBACK_SUCCESSFUL", within=MINUTE)

    tell(story)


def test_where_cloudwatch_refuses_to_answer_it_is_asked_again() -> None:
    async def story(world: World) -> None:
        world.around.refusals["DescribeAlarms"] = AwsError("Throttling", "Rate exceeded", 400)
        await rolling(world)
        await world.clock.advance(10 * MINUTE)
        assert states(world) == ["IN_PROGRESS", "COMPLETED"]

        world.around.refusals.clear()

        await world.until(lambda: states(world) == ["COMPLETED"], within=122)

    tell(story)


@pytest.mark.parametrize(("watched", "seconds"), [(["a", "b"], 300), (["a"], 60), ([], 0)])
def test_the_longest_evaluation_of_the_watched_counts(watched: list[str], seconds: int) -> None:
    shown = {
        "MetricAlarms": [
            {"AlarmName": "a", "StateValue": "OK", "Period": 10, "EvaluationPeriods": 6},
            {"AlarmName": "b", "StateValue": "INSUFFICIENT_DATA", "EvaluationPeriods": 5},
        ],
        "CompositeAlarms": [{"AlarmName": "c", "StateValue": "ALARM"}],
    }

    seen = alarms.read(shown)

    assert seen[2] == Alarm("c", True, 60)
    assert alarms.quiet(seen) == ["a", "b"]
    assert alarms.bake_seconds(seen, watched) == seconds
