"""Where the targets of a request are, and those that cannot be targets, in AWS's words.

What AWS says is on record: kubernetes-sigs/aws-load-balancer-controller#561 and #3084,
aws/containers-roadmap#1107, hashicorp/terraform-provider-aws#17167.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from localaws.elbv2.model import TargetGroup
from localaws.machines import described
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

ALL = "all"  # zones


@dataclass(frozen=True)
class Whereabouts:
    address: str  # of this machine; any other stands for what cannot be reached
    zone: str | None


async def find(
    world: World, group: TargetGroup, asked: dict[str, str | None]
) -> dict[str, Whereabouts]:
    """Of targets, by id, with the zone each was given. Raises AwsError, as RegisterTargets does."""
    if group.settings["TargetType"] == "ip":
        return await _addresses(world, group.settings["VpcId"], asked)
    return await _instances(world, group.settings["VpcId"], asked)


def known(world: World, instance_id: str) -> Whereabouts:
    """Of a container instance."""
    try:
        return Whereabouts(*world.ecs.instance_place(instance_id))
    except LookupError as error:
        raise _invalid(f"Instance ID '{instance_id}' is not valid") from error


async def _instances(world: World, vpc_id: str, asked: Collection[str]) -> dict[str, Whereabouts]:
    """One that is no container instance is there, but nothing on it answers."""
    found = {one: await _instance(world, one) for one in asked}
    if idle := [one for one, it in found.items() if it["State"]["Name"] != "running"]:
        raise _those("not in a running state and cannot be registered", idle)
    if elsewhere := [one for one, it in found.items() if it["VpcId"] != vpc_id]:
        raise _those(f"not in the target group VPC '{vpc_id}'", elsewhere)
    return {one: _place(world, it) for one, it in found.items()}


async def _instance(world: World, instance_id: str) -> dict[str, Any]:
    try:
        found = await world.aws.call("ec2", "DescribeInstances", {"InstanceIds": [instance_id]})
    except AwsError as error:
        raise _invalid(f"Instance ID '{instance_id}' is not valid") from error
    instance: dict[str, Any] = found["Reservations"][0]["Instances"][0]
    return instance


def _place(world: World, instance: dict[str, Any]) -> Whereabouts:
    try:
        return known(world, instance["InstanceId"])
    except AwsError:
        zone = instance["Placement"]["AvailabilityZone"]
        return Whereabouts(instance["PrivateIpAddress"], zone)


async def _addresses(
    world: World, vpc_id: str, asked: dict[str, str | None]
) -> dict[str, Whereabouts]:
    within = [{"Name": "vpc-id", "Values": [vpc_id]}]
    answer = await world.aws.call("ec2", "DescribeSubnets", {"Filters": within})
    zones = {IPv4Network(it["CidrBlock"]): it["AvailabilityZone"] for it in answer["Subnets"]}
    instances = {it.get("PrivateIpAddress"): it for it in await described(world.aws, within)}
    return {
        one: Whereabouts(
            _place(world, instances[one]).address if one in instances else one,
            _zone(one, zone, zones),
        )
        for one, zone in asked.items()
    }


def _zone(address: str, given: str | None, zones: dict[IPv4Network, str]) -> str | None:
    """A loopback address is of no network, and is taken as it is: what listens on this machine."""
    read = _read(address)
    if read.is_loopback:
        return given
    own = next((zone for subnet, zone in zones.items() if read in subnet), None)
    if own and given not in (None, own):
        raise _refused(
            f"The IP address '{address}' is within the VPC, and cannot have its Availability Zone "
            f"overridden to '{given}' from '{own}'"
        )
    if not own and given is None:
        raise _refused(
            "You must specify a valid Availability Zone or select 'all' for all enabled "
            f"Availability zones, since the IP address '{address}' is outside the VPC"
        )
    if not own and given != ALL:
        raise _refused(
            f"The Availability Zone for IP address '{address}' must be 'all' for Application Load "
            "Balancer target groups, when not within the VPC"
        )
    return own or ALL


def _read(address: str) -> IPv4Address:
    try:
        return IPv4Address(address)
    except ValueError as error:
        raise _refused(f"The IP address '{address}' is not a valid IPv4 address") from error


def _those(what: str, instance_ids: list[str]) -> AwsError:
    named = ", ".join(f"'{one}'" for one in instance_ids)
    return _invalid(f"The following targets are {what}: {named}")


def _invalid(sentence: str) -> AwsError:
    return AwsError("InvalidTarget", sentence)


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
