"""What a group asks of EC2: subnets, launch templates, instances made and terminated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from localaws.autoscaling.asking import invalid
from localaws.autoscaling.model import Group, Json, Member
from localaws.faults.fault import Kind
from localaws.machines import described
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

_NOT_FORMED = "You must use a valid fully-formed launch template."
_VERSIONS = "Invalid launch template version: either '$Default', '$Latest', or a numeric version"


async def zones_by_subnet(world: World, subnet_ids: list[str]) -> dict[str, str]:
    if not subnet_ids:
        return {}
    try:
        found = await world.aws.call("ec2", "DescribeSubnets", {"SubnetIds": subnet_ids})
    except AwsError as error:
        raise invalid(error.message) from None
    zones = {one["SubnetId"]: one["AvailabilityZone"] for one in found["Subnets"]}
    return {subnet: zones[subnet] for subnet in subnet_ids}


async def check_zones(world: World, zones: list[str]) -> None:
    found = await world.aws.call("ec2", "DescribeAvailabilityZones", {})
    known = {one["ZoneName"] for one in found["AvailabilityZones"]}
    for zone in zones:
        if zone not in known:
            raise invalid(
                f"Invalid availability zones: [{zone}]. Supported availability zones are "
                f"[{', '.join(sorted(known))}]"
            )


async def template(world: World, asked: Json) -> tuple[Json, Json]:
    """As a group keeps it, and its data as they now are."""
    version = asked.get("Version", "$Default")
    if version not in ("$Default", "$Latest") and not version.isdecimal():
        raise invalid(f"{_VERSIONS} are allowed.")
    name = "LaunchTemplateId" if "LaunchTemplateId" in asked else "LaunchTemplateName"
    which: Json = {name: asked[name]}
    try:
        found = await world.aws.call(
            "ec2", "DescribeLaunchTemplateVersions", {**which, "Versions": [version]}
        )
    except AwsError as error:
        raise invalid(f"{_NOT_FORMED} {error.message}") from None
    shown = found["LaunchTemplateVersions"][0]
    kept = {name: shown[name] for name in ("LaunchTemplateId", "LaunchTemplateName")}
    resolved = {**shown["LaunchTemplateData"], "Version": str(shown["VersionNumber"])}
    return kept | ({"Version": version} if "Version" in asked else {}), resolved


async def check_template(world: World, asked: Json) -> Json:
    """As a group keeps it; refused where nothing could ever be launched from it."""
    if ("LaunchTemplateId" in asked) is ("LaunchTemplateName" in asked):
        raise invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
    kept, resolved = await template(world, asked)
    if "ImageId" not in resolved:
        raise invalid(f"{_NOT_FORMED} The request must contain the parameter ImageId")
    kind = resolved.get("InstanceType", "m1.small")
    try:
        await world.aws.call("ec2", "DescribeInstanceTypes", {"InstanceTypes": [kind]})
    except AwsError:
        raise invalid(f"{_NOT_FORMED} Invalid value '{kind}' for InstanceType.") from None
    return kept


async def launch(world: World, group: Group, zone: str) -> Member:
    """One instance in a zone. Raises AwsError, as EC2 refuses."""
    kept, resolved = await template(world, group.template)
    kind = resolved.get("InstanceType", "m1.small")
    _refuse_for_capacity(world, group, zone, kind)
    version = resolved["Version"]
    tags = {key: tag.value for key, tag in group.tags.items() if tag.propagates}
    tags["aws:autoscaling:groupName"] = group.name
    params: dict[str, Any] = {
        "LaunchTemplate": {"LaunchTemplateId": kept["LaunchTemplateId"], "Version": version},
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": _tags(tags, resolved)}],
        **_where(group, zone),
    }
    made = (await world.aws.call("ec2", "RunInstances", params))["Instances"][0]
    return Member(
        id=made["InstanceId"],
        zone=zone,
        instance_type=kind,
        image=made["ImageId"],
        template={**kept, "Version": version},
        launched_at=world.clock.now(),
        protected=group.protects_new,
    )


async def strays(world: World, group: Group) -> list[Member]:
    """Instances that were launched for the group, of which it does not know."""
    tag = {"Name": "tag:aws:autoscaling:groupName", "Values": [group.name]}
    live = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    machines = await described(world.aws, [tag, live])
    known = group.members.keys() | group.detached
    unknown = [one for one in machines if one["InstanceId"] not in known]
    if not unknown:
        return []
    kept, resolved = await template(world, group.template)
    return [
        Member(
            id=one["InstanceId"],
            zone=one["Placement"]["AvailabilityZone"],
            instance_type=one["InstanceType"],
            image=one["ImageId"],
            template={**kept, "Version": resolved["Version"]},
            launched_at=world.clock.now(),
            protected=group.protects_new,
        )
        for one in unknown
    ]


async def terminate(world: World, instance: str) -> None:
    """One that is gone already is as good as terminated."""
    try:
        await world.aws.call("ec2", "TerminateInstances", {"InstanceIds": [instance]})
    except AwsError as error:
        if not error.code.startswith("InvalidInstanceID"):
            raise


async def running(world: World, instances: Iterable[str]) -> set[str]:
    """Those that are neither stopped nor terminated, nor about to be."""
    wanted = {"Name": "instance-id", "Values": list(instances)}
    live = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    return {one["InstanceId"] for one in await described(world.aws, [wanted, live])}


async def attachable(world: World, instance: str) -> Member:
    """A running instance as a member; raises AwsError."""
    try:
        found = await world.aws.call("ec2", "DescribeInstances", {"InstanceIds": [instance]})
    except AwsError:
        raise invalid(f"Invalid Instance ID: {instance}.") from None
    one = found["Reservations"][0]["Instances"][0]
    if one["State"]["Name"] != "running":
        raise invalid(f"The instance {instance} is not in the running state.")
    return Member(
        id=instance,
        zone=one["Placement"]["AvailabilityZone"],
        instance_type=one["InstanceType"],
        image=one["ImageId"],
        template={},
        launched_at=one["LaunchTime"],
        protected=False,
    )


def _refuse_for_capacity(world: World, group: Group, zone: str, kind: str) -> None:
    facts = {"group": group.name, "zone": zone, "instance_type": kind}
    if not world.faults.first(Kind.NO_CAPACITY, **facts):
        return
    others = [one for one in group.zones if one != zone]
    choosing = f" or choosing {', '.join(others)}" if others else ""
    raise AwsError(
        "InsufficientInstanceCapacity",
        f"We currently do not have sufficient {kind} capacity in the Availability Zone you "
        f"requested ({zone}). Our system will be working on provisioning additional capacity. "
        f"You can currently get {kind} capacity by not specifying an Availability Zone in your "
        f"request{choosing}.",
        status=500,
    )


def _tags(tags: dict[str, str], resolved: Json) -> list[Json]:
    """The template's own, over which the group's prevail."""
    own = {
        tag["Key"]: tag["Value"]
        for each in resolved.get("TagSpecifications", ())
        if each.get("ResourceType") == "instance"
        for tag in each.get("Tags", ())
    }
    return [{"Key": key, "Value": value} for key, value in (own | tags).items()]


def _where(group: Group, zone: str) -> Json:
    subnets = [subnet for subnet, its in group.subnets.items() if its == zone]
    if subnets:  # several in a zone take turns
        return {"SubnetId": subnets[len(group.members) % len(subnets)]}
    return {"Placement": {"AvailabilityZone": zone}}
