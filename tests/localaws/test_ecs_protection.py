"""Task protection: who asked for it is neither scaled in nor rolled over, until it ends."""

from tests.localaws.alone import World, steady, tell

MINUTE = 60.0


def oldest(world: World) -> str:
    """Of equals, the one that goes first."""
    return _listed(world)[0]


def running(world: World) -> set[str]:
    return set(_listed(world))


def _listed(world: World) -> list[str]:
    asked = {"cluster": "c", "serviceName": "web", "desiredStatus": "RUNNING"}
    return list(world.call("ListTasks", **asked)["taskArns"])


def protect(world: World, task: str, **params: object) -> None:
    asked = {"cluster": "c", "tasks": [task], "protectionEnabled": True, **params}
    assert world.call("UpdateTaskProtection", **asked)["failures"] == []


def test_a_protected_task_is_not_scaled_in() -> None:
    async def story(world: World) -> None:
        world.create(3)
        await steady(world)
        kept = oldest(world)
        protect(world, kept)

        world.call("UpdateService", cluster="c", service="web", desiredCount=1)
        await steady(world)

        assert running(world) == {kept}

    tell(story)


def test_when_its_protection_has_ended_it_goes() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        for task in running(world):
            protect(world, task, expiresInMinutes=10)
        world.call("UpdateService", cluster="c", service="web", desiredCount=1)

        await world.clock.advance(9 * MINUTE)
        assert len(running(world)) == 2

        await world.until(lambda: len(running(world)) == 1, within=2 * MINUTE)

    tell(story)


def test_a_rollout_waits_for_a_protected_task() -> None:
    async def story(world: World) -> None:
        world.create(2)
        await steady(world)
        kept = oldest(world)
        protect(world, kept)

        world.call("UpdateService", cluster="c", service="web", forceNewDeployment=True)
        await world.clock.advance(5 * MINUTE)
        assert kept in running(world)
        assert len(world.service()["deployments"]) == 2

        asked = {"cluster": "c", "tasks": [kept], "protectionEnabled": False}
        world.call("UpdateTaskProtection", **asked)
        await steady(world)
        assert kept not in running(world)

    tell(story)


def test_a_deleted_service_takes_its_protected_tasks_along() -> None:
    async def story(world: World) -> None:
        world.create(1)
        await steady(world)
        protect(world, *running(world))

        world.call("DeleteService", cluster="c", service="web", force=True)

        await world.until(lambda: world.service()["status"] == "INACTIVE", within=MINUTE)

    tell(story)
