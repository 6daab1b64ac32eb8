"""What is left on the instances of a cluster, and what a task needs of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.ecs.instances import reservation
from localaws.ecs.instances.placement import ZONE, Need, Room
from localaws.ecs.model import Instance, Task, TaskDefinition


def rooms(instances: Iterable[Instance], tasks: Iterable[Task], group: str) -> list[Room]:
    """The instances that take new tasks; `group` is whose tasks the strategies count."""
    held: dict[str, list[Task]] = {}
    for task in tasks:
        if not task.over:
            held.setdefault(task.instance.arn, []).append(task)
    return [
        room(instance, held.get(instance.arn, []), group)
        for instance in instances
        if instance.status == "ACTIVE"
    ]


def room(instance: Instance, tasks: Iterable[Task], group: str = "") -> Room:
    """What is left beside `tasks`, all of which are on this instance."""
    tasks = list(tasks)
    cpus = (reservation.cpu(one.definition, one.overrides) for one in tasks)
    memories = (reservation.memory(one.definition, one.overrides) for one in tasks)
    return Room(
        arn=instance.arn,
        attributes={ZONE: instance.availability_zone, "ecs.os-type": "linux"},
        cpu=instance.cpu - sum(cpus),
        memory=instance.memory - sum(memories),
        ports=frozenset[int]().union(*(reservation.host_ports(one.definition) for one in tasks)),
        group_tasks=sum(task.group == group and task.wanted for task in tasks),
    )


def need(
    definition: TaskDefinition,
    overrides: dict[str, Any],
    constraints: Iterable[Mapping[str, str]] = (),
) -> Need:
    constraints = list(constraints)
    return Need(
        cpu=reservation.cpu(definition, overrides),
        memory=reservation.memory(definition, overrides),
        ports=reservation.host_ports(definition),
        distinct=any(one["type"] == "distinctInstance" for one in constraints),
        expressions=tuple(one["expression"] for one in constraints if one["type"] == "memberOf"),
    )
