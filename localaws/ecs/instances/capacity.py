"""What is left on the instances of a cluster, and what a task needs of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from localaws.ecs.instances import reservation
from localaws.ecs.instances.placement import ZONE, Need, Room
from localaws.ecs.model import Instance, Task, TaskDefinition

Reserved = tuple[int, int, frozenset[int]]  # cpu, memory, host ports


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
    reserved = _reserved(tasks)
    return Room(
        arn=instance.arn,
        attributes={ZONE: instance.availability_zone, "ecs.os-type": "linux"},
        cpu=instance.cpu - sum(cpu * count for (cpu, _, _), count in reserved),
        memory=instance.memory - sum(memory * count for (_, memory, _), count in reserved),
        ports=frozenset[int]().union(*(ports for (_, _, ports), _ in reserved)),
        group_tasks=sum(task.group == group and task.wanted for task in tasks),
    )


def _reserved(tasks: Iterable[Task]) -> list[tuple[Reserved, int]]:
    """By how many; many tasks are of one definition, which is read once."""
    alike = Counter[int](id(one.definition) for one in tasks if not one.overrides)
    first = {id(one.definition): one for one in tasks if not one.overrides}
    others = [one for one in tasks if one.overrides]
    return [(_of(first[it]), count) for it, count in alike.items()] + [
        (_of(it), 1) for it in others
    ]


def _of(task: Task) -> Reserved:
    return (
        reservation.cpu(task.definition, task.overrides),
        reservation.memory(task.definition, task.overrides),
        reservation.host_ports(task.definition),
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
