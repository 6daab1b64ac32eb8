"""Managed scaling, protection and draining of capacity providers, minute by minute."""

from pathlib import Path

from localaws.faults.asked import Asked
from localaws.faults.fault import Kind
from tests.localaws.clustering import CPU, MEMORY, MINUTE, Cluster, tell

HOUR = 60 * MINUTE


def test_from_nothing_two_instances_are_launched_for_tasks_that_wait(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        tasks = await c.run(1, 512)
        shown = (await c.tasks(*tasks))[0]
        assert (shown["lastStatus"], shown["capacityProviderName"]) == ("PROVISIONING", c.provider)
        assert "containerInstanceArn" not in shown

        await c.clock.advance(MINUTE)

        assert await c.statuses(*tasks) == ["RUNNING"]
        assert await c.desired() == 2
        cause = (await c.causes())[0]
        assert f"a monitor alarm TargetTracking-{c.group_name}-AlarmHigh-" in cause
        assert "changing the desired capacity from 0 to 2" in cause

    tell(tmp_path, story)


def test_as_many_instances_are_added_as_the_tasks_fill(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(minimum=1)

        tasks = await c.run(7, MEMORY // 2)
        await c.clock.advance(MINUTE)

        assert await c.desired() == 4
        assert set(await c.statuses(*tasks)) == {"RUNNING"}

    tell(tmp_path, story)


def test_while_an_instance_warms_up_no_more_are_launched(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        scaling = {"status": "ENABLED", "instanceWarmupPeriod": 300, "maximumScalingStepSize": 1}
        await c.provide(minimum=1, managedScaling=scaling)
        await c.run(3, MEMORY)

        await c.clock.advance(3 * MINUTE)
        assert await c.desired() == 1  # launched less than five minutes ago
        await c.clock.advance(2 * MINUTE)
        assert await c.desired() == 2
        await c.clock.advance(4 * MINUTE)
        assert await c.desired() == 2
        await c.clock.advance(2 * MINUTE)
        assert await c.desired() == 3

    tell(tmp_path, story)


def test_what_fits_nowhere_is_not_scaled_for_and_given_up_in_time(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(minimum=1)
        (task,) = await c.run(1, 2 * MEMORY)

        await c.clock.advance(14 * MINUTE)
        assert (await c.statuses(task), await c.desired()) == (["PROVISIONING"], 1)
        await c.clock.advance(2 * MINUTE)

        stopped = (await c.tasks(task))[0]
        assert stopped["lastStatus"] == "STOPPED"
        assert stopped["stopCode"] == "TaskFailedToStart"
        assert stopped["stoppedReason"] == "RESOURCE:MEMORY"

    tell(tmp_path, story)


def test_an_empty_provider_that_cannot_grow_says_so(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(maximum=0)
        (task,) = await c.run(1, 512)

        await c.clock.advance(16 * MINUTE)

        assert (await c.tasks(task))[0]["stoppedReason"] == "EMPTY CAPACITY PROVIDER"

    tell(tmp_path, story)


def test_after_a_quarter_of_an_hour_what_is_not_needed_goes(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(protects=True)
        (kept,) = await c.run(1, MEMORY)
        (other,) = await c.run(1, MEMORY)
        await c.clock.advance(2 * MINUTE)
        assert await c.desired() == 2
        await c.ecs("StopTask", cluster="c", task=other)

        await c.clock.advance(14 * MINUTE)
        assert await c.desired() == 2
        await c.clock.advance(2 * MINUTE)

        assert await c.desired() == 1
        assert "AlarmLow" in "".join(await c.causes())
        await c.ecs("StopTask", cluster="c", task=kept)
        await c.clock.advance(20 * MINUTE)
        assert (await c.desired(), await c.instances()) == (0, [])

    tell(tmp_path, story)


def test_a_group_that_lost_its_tag_is_not_scaled(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        tag = {"ResourceId": c.group_name, "ResourceType": "auto-scaling-group"}
        await c.call("autoscaling", "DeleteTags", Tags=[{**tag, "Key": "AmazonECSManaged"}])

        (task,) = await c.run(1, 512)
        await c.clock.advance(3 * MINUTE)

        assert (await c.statuses(task), await c.desired()) == (["PROVISIONING"], 0)

    tell(tmp_path, story)


def test_while_nothing_can_be_launched_tasks_wait(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        faults = c.world.faults
        faults.begin(Asked(Kind.NO_CAPACITY, match={"group": c.group_name}))
        (task,) = await c.run(1, 512)
        await c.clock.advance(5 * MINUTE)
        assert (await c.statuses(task), await c.desired()) == (["PROVISIONING"], 2)

        faults.end_all()
        await c.clock.advance(MINUTE)

        assert await c.statuses(task) == ["RUNNING"]

    tell(tmp_path, story)


def test_spare_capacity_is_kept_by_a_lower_target(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        scaling = {"status": "ENABLED", "instanceWarmupPeriod": 0, "targetCapacity": 50}
        await c.provide(minimum=1, managedScaling=scaling)

        await c.run(1, 512)
        await c.clock.advance(2 * MINUTE)

        assert await c.desired() == 2

    tell(tmp_path, story)


def test_scale_in_takes_the_instance_that_is_empty(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(protects=True)
        tasks = await c.run(3, MEMORY)
        await c.clock.advance(2 * MINUTE)
        where = {one["taskArn"]: one["containerInstanceArn"] for one in await c.tasks(*tasks)}
        assert await c.desired() == 3
        members = (await c.group())["Instances"]
        assert {one["ProtectedFromScaleIn"] for one in members} == {True}

        await c.ecs("StopTask", cluster="c", task=tasks[1])
        await c.clock.advance(MINUTE)
        bare = [
            one["InstanceId"]
            for one in (await c.group())["Instances"]
            if not one["ProtectedFromScaleIn"]
        ]
        assert len(bare) == 1
        (another,) = await c.run(1, MEMORY)
        await c.clock.advance(MINUTE)
        members = (await c.group())["Instances"]
        assert {one["ProtectedFromScaleIn"] for one in members} == {True}
        await c.ecs("StopTask", cluster="c", task=another)
        await c.clock.advance(20 * MINUTE)

        left = {one["containerInstanceArn"] for one in await c.instances()}
        assert left == {where[tasks[0]], where[tasks[2]]}
        assert await c.statuses(tasks[0], tasks[2]) == ["RUNNING", "RUNNING"]

    tell(tmp_path, story)


def test_a_drained_instance_gives_its_tasks_away_before_it_ends(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(minimum=2)
        await c.define(512)
        await c.ecs(
            "CreateService", cluster="c", serviceName="web", taskDefinition="web", desiredCount=2
        )
        await c.clock.advance(MINUTE)
        first = (await c.instances())[0]["ec2InstanceId"]

        await c.call(
            "autoscaling",
            "TerminateInstanceInAutoScalingGroup",
            InstanceId=first,
            ShouldDecrementDesiredCapacity=False,
        )
        await c.clock.advance(5 * MINUTE)

        shown = await c.ecs("DescribeServices", cluster="c", services=["web"])
        assert shown["services"][0]["runningCount"] == 2
        assert first not in {one["ec2InstanceId"] for one in await c.instances()}
        stopped = await c.ecs("ListTasks", cluster="c", desiredStatus="STOPPED")
        reasons = {one["stopCode"] for one in await c.tasks(*stopped["taskArns"])}
        assert reasons == {"ServiceSchedulerInitiated"}

    tell(tmp_path, story)


def test_a_task_of_no_service_holds_its_instance_for_two_days(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(minimum=1, managedScaling={"status": "DISABLED"})
        (task,) = await c.run(1, 512)
        await c.scale("UpdateAutoScalingGroup", MinSize=0)
        await c.scale("SetDesiredCapacity", DesiredCapacity=0)

        await c.clock.advance(47 * HOUR)
        assert await c.statuses(task) == ["RUNNING"]
        assert (await c.instances())[0]["status"] == "DRAINING"
        await c.clock.advance(2 * HOUR)

        assert (await c.instances(), await c.desired()) == ([], 0)

    tell(tmp_path, story)


def test_the_metric_and_its_alarms_are_in_cloudwatch(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(minimum=2)
        await c.run(1, MEMORY)
        await c.clock.advance(3 * MINUTE)

        now = c.clock.now()
        dimensions = {"CapacityProviderName": c.provider, "ClusterName": "c"}
        found = await c.call(
            "cloudwatch",
            "GetMetricStatistics",
            Namespace="AWS/ECS/ManagedScaling",
            MetricName="CapacityProviderReservation",
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now.timestamp() - 120,
            EndTime=now.timestamp() + 60,
            Period=60,
            Statistics=["Average"],
        )
        assert {one["Average"] for one in found["Datapoints"]} == {50}
        alarms = (await c.call("cloudwatch", "DescribeAlarms"))["MetricAlarms"]
        mine = {
            one["AlarmName"].split("-")[2]: one
            for one in alarms
            if f"-{c.group_name}-" in one["AlarmName"]
        }
        assert mine["AlarmHigh"]["EvaluationPeriods"] == 1
        assert (mine["AlarmLow"]["EvaluationPeriods"], mine["AlarmLow"]["Threshold"]) == (15, 100)

    tell(tmp_path, story)


def test_what_waits_and_what_drains_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        (task,) = await c.run(1, 512)
        await c.restart()

        await c.clock.advance(2 * MINUTE)
        assert await c.statuses(task) == ["RUNNING"]

        await c.scale("SetDesiredCapacity", DesiredCapacity=0)
        await c.clock.advance(1)
        await c.restart()
        await c.clock.advance(MINUTE)
        await c.ecs("StopTask", cluster="c", task=task)
        await c.clock.advance(MINUTE)
        assert await c.instances() == []

    tell(tmp_path, story)


def test_an_attachment_under_way_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        await c.ecs(
            "UpdateCapacityProvider",
            name=c.provider,
            autoScalingGroupProvider={"managedDraining": "DISABLED"},
        )

        await c.restart()
        await c.clock.advance(MINUTE)

        shown = await c.ecs("DescribeCapacityProviders", capacityProviders=[c.provider])
        assert shown["capacityProviders"][0]["updateStatus"] == "UPDATE_COMPLETE"
        hooks = await c.scale("DescribeLifecycleHooks")
        assert hooks["LifecycleHooks"] == []

    tell(tmp_path, story)


def test_no_more_than_five_hundred_tasks_of_a_cluster_wait(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(maximum=0)
        await c.define(CPU)
        await c.ecs(
            "CreateService", cluster="c", serviceName="web", taskDefinition="web", desiredCount=501
        )
        await c.clock.advance(1)

        shown = (await c.ecs("DescribeServices", cluster="c", services=["web"]))["services"][0]

        assert shown["pendingCount"] == 500
        assert (
            "(service web) was unable to place tasks in your cluster because the tasks "
            "provisioning capacity limit was exceeded."
        ) in {one["message"] for one in shown["events"]}

    tell(tmp_path, story)
