"""What is there when the account is new: a network, a cluster of two instances, a way in."""

from __future__ import annotations

import base64
import json
from typing import Any

from localaws.world import World

Seed = dict[str, Any]

_ZONES = ("a", "b")
_INSTANCE_TYPE, _MOST_INSTANCES = "t3.medium", 8
_IMAGE = "ami-0ec5a0c0ffee00001"
_TASKS_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


async def seed(world: World) -> Seed:
    """The identifiers of what it made, as `/_local/seed` answers them."""
    vpc_id, subnet_ids = await _network(world)
    await world.aws.call("ecs", "CreateCluster", {"clusterName": world.cluster})
    await _instances(world, subnet_ids)
    return {
        "region": world.region,
        "cluster": world.cluster,
        "vpc_id": vpc_id,
        "subnet_ids": subnet_ids,
        **await _load_balancer(world, subnet_ids),
        "execution_role_arn": await _role(world, f"{world.cluster}-execution"),
        "task_role_arn": await _role(world, f"{world.cluster}-task"),
        "queue_url": await _queue_of_ecs_events(world),
        "apps_domain": "localhost",
        "router_url": f"http://127.0.0.1:{world.router_port}",
    }


def again(world: World, kept: Seed) -> Seed:
    """What was seeded once, at today's ports."""
    queue = str(kept["queue_url"]).rpartition("/")[2]
    return kept | {
        "queue_url": f"http://127.0.0.1:{world.port}/{world.account}/{queue}",
        "router_url": f"http://127.0.0.1:{world.router_port}",
    }


async def _network(world: World) -> tuple[str, list[str]]:
    made = await world.aws.call("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})
    vpc_id = made["Vpc"]["VpcId"]
    subnet_ids = []
    for index, zone in enumerate(_ZONES):
        params = {
            "VpcId": vpc_id,
            "CidrBlock": f"10.0.{index}.0/24",
            "AvailabilityZone": world.region + zone,
        }
        made = await world.aws.call("ec2", "CreateSubnet", params)
        subnet_ids.append(made["Subnet"]["SubnetId"])
    return vpc_id, subnet_ids


async def _instances(world: World, subnet_ids: list[str]) -> None:
    """A group keeps one in each zone, whose agents register with the cluster."""
    user_data = f"#!/bin/bash\necho ECS_CLUSTER={world.cluster} >> /etc/ecs/ecs.config\n"
    template = {
        "ImageId": _IMAGE,
        "InstanceType": _INSTANCE_TYPE,
        "UserData": base64.b64encode(user_data.encode()).decode(),
    }
    made = await world.aws.call(
        "ec2",
        "CreateLaunchTemplate",
        {"LaunchTemplateName": world.cluster, "LaunchTemplateData": template},
    )
    group = {
        "AutoScalingGroupName": world.cluster,
        "LaunchTemplate": {
            "LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"],
            "Version": "$Latest",
        },
        "MinSize": len(subnet_ids),
        "MaxSize": _MOST_INSTANCES,
        "VPCZoneIdentifier": ",".join(subnet_ids),
        "Tags": [{"Key": "Name", "Value": world.cluster, "PropagateAtLaunch": True}],
    }
    await world.aws.call("autoscaling", "CreateAutoScalingGroup", group)
    await world.autoscaling.idle(world.cluster)
    await world.ecs.booted()


async def _load_balancer(world: World, subnet_ids: list[str]) -> Seed:
    params: dict[str, Any] = {"Name": world.cluster, "Subnets": subnet_ids}
    made = await world.aws.call("elbv2", "CreateLoadBalancer", params)
    balancer = made["LoadBalancers"][0]
    nothing_here = {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": "404",
            "ContentType": "text/plain",
            "MessageBody": "No app has this host name.",
        },
    }
    params = {
        "LoadBalancerArn": balancer["LoadBalancerArn"],
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [nothing_here],
    }
    listener = (await world.aws.call("elbv2", "CreateListener", params))["Listeners"][0]
    return {
        "listener_arn": listener["ListenerArn"],
        "load_balancer_arn": balancer["LoadBalancerArn"],
        "load_balancer_dns": balancer["DNSName"],
    }


async def _role(world: World, name: str) -> str:
    params = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(_TASKS_MAY_ASSUME)}
    return str((await world.aws.call("iam", "CreateRole", params))["Role"]["Arn"])


async def _queue_of_ecs_events(world: World) -> str:
    name = f"{world.cluster}-events"
    params: dict[str, Any] = {"QueueName": name, "Attributes": {"Policy": _from_rules(world, name)}}
    queue_url = (await world.aws.call("sqs", "CreateQueue", params))["QueueUrl"]
    rule = {"Name": f"{world.cluster}-ecs", "EventPattern": json.dumps({"source": ["aws.ecs"]})}
    await world.aws.call("events", "PutRule", rule)
    target = {"Id": "queue", "Arn": world.arn("sqs", name)}
    await world.aws.call("events", "PutTargets", {"Rule": rule["Name"], "Targets": [target]})
    return str(queue_url)


def _from_rules(world: World, queue: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": world.arn("sqs", queue),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
