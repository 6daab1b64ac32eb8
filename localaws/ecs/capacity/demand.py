"""What waits for a capacity provider, and what its instances are: as managed scaling counts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from localaws.ecs.capacity.measure import Demand
from localaws.ecs.instances import registration, reservation
from localaws.ecs.instances.registration import Size
from localaws.ecs.model import Cluster, State, Task
from localaws.ecs.needs import World

USUAL = "m1.small"  # what EC2 launches where a template names no type


def busy(state: State, cluster: Cluster) -> set[str]:
    """EC2 ids of the instances with tasks on them, but for those of daemons."""
    return {
        one.placed_on.ec2_instance_id
        for one in state.tasks.values()
        if one.placed_on and one.cluster == cluster.name and not one.over and not _daemon(one)
    }


def of(tasks: Iterable[Task]) -> list[Demand]:
    alike = Counter(map(_need, tasks))
    return [Demand(count, cpu, memory, alone) for (cpu, memory, alone), count in alike.items()]


async def size(world: World, group: dict[str, Any]) -> Size:
    """Of the instances that a group launches."""
    template = group["LaunchTemplate"]
    asked = {
        "LaunchTemplateId": template["LaunchTemplateId"],
        "Versions": [template.get("Version", "$Default")],
    }
    told = await world.aws.call("ec2", "DescribeLaunchTemplateVersions", asked)
    kind = told["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("InstanceType", USUAL)
    told = await world.aws.call("ec2", "DescribeInstanceTypes", {"InstanceTypes": [kind]})
    return registration.size(told["InstanceTypes"][0])


def _need(task: Task) -> tuple[int, int, bool]:
    constraints = [
        *task.placement.get("placementConstraints", ()),
        *task.definition.body.get("placementConstraints", ()),
    ]
    distinct = any(one["type"] == "distinctInstance" for one in constraints)
    return (
        reservation.cpu(task.definition, task.overrides),
        reservation.memory(task.definition, task.overrides),
        distinct or any(reservation.host_ports(task.definition)),
    )


def _daemon(task: Task) -> bool:
    service = task.service
    return service is not None and service.settings.get("schedulingStrategy") == "DAEMON"
