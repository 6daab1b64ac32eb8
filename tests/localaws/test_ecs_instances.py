"""Container instances: what becomes of the containers on them, which no API shows."""

from localaws.drivers.driver import DID_NOT_END
from localaws.ecs.messages import FORCED_OUT
from tests.localaws.living import World, tell

MAIN = {"image": "main"}


def instance(world: World) -> str:
    listed = world.call("ListContainerInstances", cluster="c")["containerInstanceArns"]
    return str(listed[0])


def test_orphans_run_until_their_host_ends() -> None:
    async def story(world: World) -> None:
        arn = world.run(MAIN)
        await world.running(arn)
        [(_, container)] = world.driver.launched

        gone = {"containerInstance": instance(world), "force": True}
        world.call("DeregisterContainerInstance", cluster="c", **gone)
        task = world.task(arn)
        await world.clock.advance(3600 - 1)
        running = await container.execute((), 1)
        world.ecs.machines_changed("terminated", ["i-1"])
        await world.clock.advance(0)

        assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", FORCED_OUT)
        assert task["containers"][0]["lastStatus"] == "STOPPED"
        assert running == 0
        assert await container.execute((), 1) == DID_NOT_END

    tell(story)


def test_a_pending_task_of_a_service_does_not_wait_on_a_draining_instance() -> None:
    async def story(world: World) -> None:
        world.fault("pull_slow", seconds=600)
        world.serve(MAIN)
        await world.until(lambda: [one["lastStatus"] for one in world.tasks()] == ["PENDING"])
        [task] = world.tasks()

        drain = {"containerInstances": [instance(world)], "status": "DRAINING"}
        world.call("UpdateContainerInstancesState", cluster="c", **drain)
        stopped = await world.stopped(task["taskArn"], within=1)

        assert stopped["stopCode"] == "ServiceSchedulerInitiated"
        assert "startedAt" not in stopped

    tell(story)
