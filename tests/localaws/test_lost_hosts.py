"""Hosts that fail silently while their tasks are behind a load balancer, which notices."""

from __future__ import annotations

import uuid
from pathlib import Path

from localaws.faults.asked import read
from tests.localaws.clustering import Cluster, Json, tell


async def balancer(c: Cluster) -> str:
    """The ARN of a target group behind one."""
    subnets = (await c.call("ec2", "DescribeSubnets"))["Subnets"]
    name = uuid.uuid4().hex[:20]
    group = await c.call(
        "elbv2",
        "CreateTargetGroup",
        Name=name,
        Protocol="HTTP",
        Port=80,
        VpcId=subnets[0]["VpcId"],
        HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )
    arn = str(group["TargetGroups"][0]["TargetGroupArn"])
    zones = {one["AvailabilityZone"]: one["SubnetId"] for one in subnets}
    made = await c.call("elbv2", "CreateLoadBalancer", Name=name, Subnets=list(zones.values())[:2])
    await c.call(
        "elbv2",
        "CreateListener",
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    return arn


async def serve(c: Cluster, group: str) -> None:
    container = {
        "name": "main",
        "image": "x",
        "memory": 64,
        "portMappings": [{"containerPort": 80, "hostPort": 0}],
    }
    await c.ecs("RegisterTaskDefinition", family="web", containerDefinitions=[container])
    behind = {"targetGroupArn": group, "containerName": "main", "containerPort": 80}
    await c.ecs(
        "CreateService",
        cluster="c",
        serviceName="s",
        taskDefinition="web",
        desiredCount=1,
        loadBalancers=[behind],
    )


async def only_task(c: Cluster) -> Json:
    listed = await c.ecs("ListTasks", cluster="c", serviceName="s")
    [task] = await c.tasks(*listed["taskArns"])
    return task


def test_a_task_behind_a_load_balancer_is_replaced_though_its_agent_is_away(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        await c.ecs("CreateCluster", clusterName="c")
        await c.make_template()
        await c.make_group(c.group_name, 2, 2)
        await c.scale("SuspendProcesses", ScalingProcesses=["HealthCheck"])
        await serve(c, await balancer(c))
        await c.clock.advance(60)
        old = await only_task(c)
        hosts = {one["containerInstanceArn"]: one["ec2InstanceId"] for one in await c.instances()}

        match = {"instance": hosts[old["containerInstanceArn"]]}
        fault = c.world.faults.begin(read({"kind": "instance_lost", "match": match}))
        await c.clock.advance(600)
        ghost, new = (await c.tasks(old["taskArn"]))[0], await only_task(c)
        c.world.faults.end(fault.id)
        await c.clock.advance(60)
        stopped = (await c.tasks(old["taskArn"]))[0]

        assert (ghost["desiredStatus"], ghost["lastStatus"]) == ("STOPPED", "STOPPING")
        assert ghost["connectivity"] == "DISCONNECTED"
        assert ghost["stoppedReason"].startswith("Task failed ELB health checks in ")
        assert new["lastStatus"] == "RUNNING"
        assert new["containerInstanceArn"] != old["containerInstanceArn"]
        assert stopped["lastStatus"] == "STOPPED"

    tell(tmp_path, story)
