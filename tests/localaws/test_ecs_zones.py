"""Tasks kept even over the availability zones, as ECS tells of it."""

import pytest

from localaws.ecs.services import rebalancing
from localaws.ecs.services.scheduling import Condition, TaskView
from localaws.wire import AwsError
from tests.localaws import living
from tests.localaws.alone import Json, World, steady, tell

MINUTE = 60.0
A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"


def zones(world: World) -> dict[str, int]:
    """Wanted tasks, by the zone they are in."""
    found: dict[str, int] = {}
    for task in world.state.tasks.values():
        if task.wanted:
            zone = task.instance.availability_zone
            found[zone] = found.get(zone, 0) + 1
    return found


def comes(world: World, zone: str, memory: int = 4096) -> None:
    number = len(world.state.instances) + 1
    world.ecs.add_instance("c", f"i-{number}", f"127.0.1.{number}", zone, memory=memory)


def said(world: World, since: int = 0) -> list[str]:
    """Oldest first."""
    return [one["message"] for one in reversed(world.service()["events"])][since:]


def rebalanced(world: World) -> list[tuple[str, str]]:
    return [one for one in world.actions() if "REBALANCING" in one[1]]


def tasks(world: World) -> list[str]:
    return list(world.call("ListTasks", cluster="c")["taskArns"])


def protect(world: World, arns: list[str], **more: object) -> None:
    world.call("UpdateTaskProtection", cluster="c", tasks=arns, protectionEnabled=True, **more)


def test_tasks_move_to_a_zone_that_comes_back() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        before, told, [old, other] = len(said(world)), len(world.actions()), world.state.tasks

        comes(world, B)
        await world.until(lambda: zones(world) == {A: 1, B: 1})
        await steady(world)

        [new] = world.state.tasks.keys() - {old, other}
        assert said(world, before)[:4] == [
            f"(service web) is not AZ balanced with 2 tasks in {A}, 0 tasks in {B}. "
            "AZ Rebalancing in progress.",
            f"(service web) has started 1 tasks in {B} to AZ Rebalance: (task {new}).",
            f"(service web) has stopped 1 running tasks in {A} due to AZ rebalancing: "
            f"(task {old}).",
            f"(service web) is AZ balanced with 1 tasks in {A}, 1 tasks in {B}.",
        ]
        assert world.actions()[told : told + 4] == [
            ("INFO", "SERVICE_REBALANCING_STARTED"),
            ("INFO", "TASKS_STARTED"),
            ("INFO", "TASKS_STOPPED"),
            ("INFO", "SERVICE_REBALANCING_COMPLETED"),
        ]
        gone = world.state.tasks[old]
        assert gone.stop_code == "ServiceSchedulerInitiated"
        assert gone.stopped_reason == (
            "Availability-zone rebalancing initiated by (deployment "
            f"{world.service()['deployments'][0]['id']})"
        )

    tell(story)


def test_none_stops_before_the_new_ones_are_healthy_and_there_are_never_too_many() -> None:
    async def story(world: World) -> None:
        world.create(6, deploymentConfiguration={"maximumPercent": 150})
        await steady(world)
        world.scripts(start_seconds=20)

        comes(world, B)
        comes(world, C)
        seen = []
        while zones(world) != {A: 2, B: 2, C: 2}:
            await world.clock.advance(1)
            seen.append((world.service()["runningCount"], sum(zones(world).values())))
            assert len(seen) < 10 * MINUTE

        assert min(running for running, _ in seen) == 6
        assert max(there for _, there in seen) == 9

    tell(story)


def test_where_it_is_disabled_nothing_moves() -> None:
    async def story(world: World) -> None:
        world.create(4, availabilityZoneRebalancing="DISABLED")
        await steady(world)

        comes(world, B)
        await world.clock.advance(60 * MINUTE)
        assert zones(world) == {A: 4}

        world.call(
            "UpdateService", cluster="c", service="web", availabilityZoneRebalancing="ENABLED"
        )
        await world.until(lambda: zones(world) == {A: 2, B: 2})
        assert len(world.service()["deployments"]) == 1

    tell(story)


def test_where_no_task_more_may_start_nothing_moves() -> None:
    async def story(world: World) -> None:
        world.create(3, deploymentConfiguration={"maximumPercent": 125})
        await steady(world)

        comes(world, B)
        await world.clock.advance(60 * MINUTE)

        assert (zones(world), rebalanced(world)) == ({A: 3}, [])

    tell(story)


def test_a_zone_without_room_is_told_once_and_tried_again() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)

        comes(world, B, memory=32)
        await world.clock.advance(60 * MINUTE)

        assert zones(world) == {A: 2}
        assert (
            world.said(
                f"is unable to place a task in {B} because no container instance met all of its "
                "requirements."
            )
            == world.said("stopped AZ Rebalancing.")
            == 1
        )
        assert ("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE") in world.actions()
        assert rebalanced(world) == [
            ("INFO", "SERVICE_REBALANCING_STARTED"),
            ("INFO", "SERVICE_REBALANCING_STOPPED"),
        ]
        comes(world, B)
        await world.until(lambda: zones(world) == {A: 1, B: 1})

    tell(story)


def test_protected_tasks_do_not_move_until_their_protection_ends() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        protect(world, tasks(world), expiresInMinutes=10)

        comes(world, B)
        await world.clock.advance(9 * MINUTE)

        assert zones(world) == {A: 2}
        deployment = world.service()["deployments"][0]["id"]
        assert world.said(
            f"was unable to AZ Rebalance because (taskSet {deployment}) was unable to scale in "
            "due to (reason 2 tasks under protection)."
        )
        assert ("INFO", "TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION") in world.actions()
        await world.until(lambda: zones(world) == {A: 1, B: 1}, within=7 * MINUTE)

    tell(story)


def test_what_is_protected_meanwhile_makes_a_move_fail() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        old = tasks(world)
        world.scripts(start_seconds=30)
        comes(world, B)
        await world.clock.advance(10)
        protect(world, old)

        await world.until(lambda: world.said("stopped AZ Rebalancing."), within=MINUTE)

        await steady(world)
        assert tasks(world) == old

    tell(story)


def test_a_rollout_ends_a_move() -> None:
    async def story(world: World) -> None:
        world.create(4)
        await steady(world)
        world.scripts(start_seconds=30)
        comes(world, B)
        await world.clock.advance(10)
        assert sum(zones(world).values()) == 6

        world.call("UpdateService", cluster="c", service="web", forceNewDeployment=True)
        await world.clock.advance(1)

        assert world.said("stopped AZ Rebalancing.") == 1
        await world.until(lambda: zones(world) == {A: 2, B: 2}, within=5 * MINUTE)

    tell(story)


def test_a_move_whose_tasks_do_not_start_is_given_up() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        world.scripts(start_error="no")

        comes(world, B)
        await world.until(lambda: world.said("stopped AZ Rebalancing."), within=MINUTE)

        assert zones(world) == {A: 2}
        assert world.service()["runningCount"] == 2

    tell(story)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}}, "max"),
        ({"placementStrategy": [{"type": "binpack", "field": "memory"}]}, "a first placement"),
        (
            {
                "placementConstraints": [
                    {"type": "memberOf", "expression": f"attribute:ecs.availability-zone == {A}"}
                ]
            },
            "attribute:ecs.availability-zone",
        ),
    ],
)
def test_it_cannot_be_asked_for_where_it_cannot_be(settings: Json, why: str) -> None:
    async def story(world: World) -> None:
        with pytest.raises(AwsError, match=f"Availability Zone Rebalancing does not support {why}"):
            world.create(1, **settings, availabilityZoneRebalancing="ENABLED")
        world.create(1)
        with pytest.raises(AwsError, match=f"Availability Zone Rebalancing does not support {why}"):
            world.call("UpdateService", cluster="c", service="web", **settings)

    tell(story)


@pytest.mark.parametrize(
    ("counts", "missing"),
    [
        ({"a": 2, "b": 0}, {"b": 1}),
        ({"a": 2, "b": 1}, {}),
        ({"a": 1, "b": 0}, {}),
        ({"a": 3, "b": 1, "c": 1}, {"b": 1}),
        ({"a": 5, "b": 0, "c": 0}, {"b": 2, "c": 1}),
        ({"a": 2, "b": 2, "c": 0}, {"c": 1}),
        ({"a": 4}, {}),
        ({}, {}),
    ],
)
def test_what_is_missing_where(counts: dict[str, int], missing: dict[str, int]) -> None:
    assert rebalancing.missing(counts) == missing


def test_whom_to_stop_are_the_oldest_of_the_fullest_zone_but_not_those_that_came() -> None:
    def task(name: str, zone: str, *, protected: bool = False) -> TaskView:
        created = float(name[1:])
        return TaskView(
            name, "d", zone, "i", created, Condition.HEALTHY, leaving=False, protected=protected
        )

    tasks = [task("a1", "a", protected=True), task("a2", "a"), task("a3", "a"), task("b4", "b")]

    assert [one.id for one in rebalancing.surplus(tasks, 1, {"b4"})] == ["a2"]
    assert [one.id for one in rebalancing.surplus(tasks, 9, {"b4"})] == ["a2", "a3"]


def test_a_move_goes_on_after_a_restart_of_the_local_aws() -> None:
    async def story(world: living.World) -> None:
        def zones() -> list[str]:
            found = world.call("DescribeServices", cluster="c", services=["web"])["services"][0]
            assert found["desiredCount"] == 2
            return sorted(one["availabilityZone"] for one in world.tasks())

        world.serve({"image": "main"}, count=2)
        await world.until(lambda: len(world.tasks()) == 2)
        await world.clock.advance(5)
        world.script("main", start_seconds=30)
        world.ecs.add_instance("c", "i-2", "127.0.1.2", B)
        await world.until(lambda: zones() == [A, A, B])

        await world.restart()

        await world.until(lambda: zones() == [A, B], within=MINUTE)

    living.tell(story)
