"""A load balancer's network interfaces: one in each subnet, whose address no target may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World


async def security_groups(world: World, vpc_id: str, asked: list[str]) -> list[str]:
    """Those that were asked for, or else the network's own."""
    which: dict[str, Any] = {"GroupIds": asked}
    if not asked:
        filters = {"vpc-id": vpc_id, "group-name": "default"}
        which = {"Filters": [{"Name": key, "Values": [it]} for key, it in filters.items()]}
    try:
        found = await world.aws.call("ec2", "DescribeSecurityGroups", which)
    except AwsError as error:
        raise AwsError("InvalidSecurityGroup", error.message) from error
    return asked or [str(one["GroupId"]) for one in found["SecurityGroups"]]


async def attach(
    world: World, balancer_arn: str, subnet_ids: list[str], groups: list[str]
) -> dict[str, str]:
    """Their addresses, by interface."""
    made = {}
    for subnet_id in subnet_ids:
        params = {
            "SubnetId": subnet_id,
            "Groups": groups,
            "Description": "ELB " + balancer_arn.partition(":loadbalancer/")[2],
        }
        answer = await world.aws.call("ec2", "CreateNetworkInterface", params)
        one = answer["NetworkInterface"]
        made[str(one["NetworkInterfaceId"])] = str(one["PrivateIpAddress"])
    return made


async def regroup(world: World, interfaces: dict[str, str], groups: list[str]) -> None:
    for one in interfaces:
        params = {"NetworkInterfaceId": one, "Groups": groups}
        await world.aws.call("ec2", "ModifyNetworkInterfaceAttribute", params)


async def detach(world: World, interfaces: dict[str, str]) -> None:
    for one in interfaces:
        await world.aws.call("ec2", "DeleteNetworkInterface", {"NetworkInterfaceId": one})
