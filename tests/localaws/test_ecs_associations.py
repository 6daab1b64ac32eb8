"""Which capacity providers a cluster may have, and what its services make of them."""

from pathlib import Path
from typing import Any

import pytest

from localaws.wire import AwsError
from tests.localaws.clustering import MINUTE, Cluster, tell
from tests.localaws.containing import BREAKER


async def refused(c: Cluster, operation: str, **params: object) -> tuple[str, str]:
    with pytest.raises(AwsError) as refusal:
        await c.ecs(operation, **params)
    return refusal.value.code, refusal.value.message


async def put(c: Cluster, cluster: str, *names: str, **more: object) -> dict[str, Any]:
    params = {"cluster": cluster, "capacityProviders": names, **more}
    return await c.ecs(
        "PutClusterCapacityProviders", **{"defaultCapacityProviderStrategy": [], **params}
    )


def test_a_cluster_has_no_more_than_twenty(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.ecs("CreateCluster", clusterName="c")
        await c.make_template()
        names = [f"p{number}" for number in range(19)]
        for name in names:
            await c.make_group(name)
            group = {"autoScalingGroupArn": name}
            await c.ecs("CreateCapacityProvider", name=name, autoScalingGroupProvider=group)

        assert len((await put(c, "c", *names, "FARGATE"))["cluster"]["capacityProviders"]) == 20
        await c.clock.advance(MINUTE)
        every = {"cluster": "c", "capacityProviders": [*names, "FARGATE", "FARGATE_SPOT"]}
        code, message = await refused(
            c, "PutClusterCapacityProviders", defaultCapacityProviderStrategy=[], **every
        )

        assert code == "InvalidParameterException"
        assert message == "The maximum number of capacity providers per cluster has been exceeded."

    tell(tmp_path, story)


def test_one_that_scales_is_of_one_cluster_at_a_time(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        await c.ecs("CreateCluster", clusterName="d")
        asked = {"capacityProviders": [c.provider], "defaultCapacityProviderStrategy": []}

        code, _ = await refused(c, "PutClusterCapacityProviders", cluster="d", **asked)
        assert code == "InvalidParameterException"
        off = {"managedScaling": {"status": "DISABLED"}}
        await c.ecs("UpdateCapacityProvider", name=c.provider, autoScalingGroupProvider=off)
        await c.clock.advance(MINUTE)
        made = await put(c, "d", c.provider)

        assert made["cluster"]["capacityProviders"] == [c.provider]

    tell(tmp_path, story)


def test_what_is_not_modelled_is_refused_by_name(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.ecs("CreateCluster", clusterName="c", capacityProviders=["FARGATE"])
        await c.define(512)
        fargate = [{"capacityProvider": "FARGATE", "weight": 1}]
        network = {"subnets": ["subnet-1"]}
        template = {"ec2InstanceProfileArn": "arn", "networkConfiguration": network}

        managed = await refused(
            c,
            "CreateCapacityProvider",
            name="m",
            managedInstancesProvider={
                "infrastructureRoleArn": "arn",
                "instanceLaunchTemplate": template,
            },
        )
        run = await refused(
            c, "RunTask", cluster="c", taskDefinition="web", capacityProviderStrategy=fargate
        )
        reserved = await refused(c, "DeleteCapacityProvider", capacityProvider="FARGATE")

        assert managed[0] == "UnsupportedOperation"
        assert "managedInstancesProvider" in managed[1]
        assert run[1] == "Task definition does not support launch_type FARGATE."
        assert reserved[0] == "InvalidParameterException"

    tell(tmp_path, story)


def test_a_group_that_is_gone_fails_its_attachments(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide()
        await put(c, "c")
        await c.clock.advance(MINUTE)
        await c.scale("DeleteAutoScalingGroup", ForceDelete=True)
        await c.clock.advance(MINUTE)

        await put(c, "c", c.provider)
        await c.clock.advance(MINUTE)

        shown = await c.ecs("DescribeClusters", clusters=["c"], include=["ATTACHMENTS"])
        assert shown["clusters"][0]["attachmentsStatus"] == "UPDATE_FAILED"
        await put(c, "c")
        await c.clock.advance(MINUTE)
        shown = await c.ecs("DescribeClusters", clusters=["c"], include=["ATTACHMENTS"])
        assert shown["clusters"][0]["attachmentsStatus"] == "UPDATE_COMPLETE"

    tell(tmp_path, story)


def test_a_rollback_takes_the_strategy_back_too(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.provide(minimum=1)
        await c.define(512)
        service: dict[str, Any] = {"cluster": "c", "serviceName": "web", "taskDefinition": "web"}
        await c.ecs("CreateService", **service, launchType="EC2", desiredCount=1)
        await c.clock.advance(MINUTE)
        await c.define(64, family="bad")
        c.world.driver.table.tell([{"image": "x", "exits_after": 0.2, "exit_code": 1}])  # type: ignore[attr-defined]

        await c.ecs(
            "UpdateService",
            cluster="c",
            service="web",
            taskDefinition="bad",
            forceNewDeployment=True,
            capacityProviderStrategy=[{"capacityProvider": c.provider, "weight": 1}],
            deploymentConfiguration={"deploymentCircuitBreaker": BREAKER | {"rollback": True}},
        )
        await c.clock.advance(5 * MINUTE)

        shown = (await c.ecs("DescribeServices", cluster="c", services=["web"]))["services"][0]
        assert shown["taskDefinition"].endswith("web:1")
        assert shown["launchType"] == "EC2"
        assert "capacityProviderStrategy" not in shown

    tell(tmp_path, story)
