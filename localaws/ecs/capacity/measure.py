"""CapacityProviderReservation: how many instances a group needs, of those it has. Pure.

AmazonECS/latest/developerguide/cluster-auto-scaling.html and what it refers to
https://aws.amazon.com/blogs/containers/deep-dive-on-amazon-ecs-cluster-auto-scaling/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

AT_REST = 100.0
FROM_NOTHING = 200.0


@dataclass(frozen=True)
class Demand:
    """Tasks that wait, all with the same requirements."""

    count: int
    cpu: int
    memory: int
    alone: bool = False  # never two of them on an instance: fixed ports, or distinct instances


def reservation(running: int, busy: int, lacking: int, *, hopeless: bool = False) -> float:
    """In percent: `busy` instances have tasks, so many are `lacking`. `hopeless`: of what waits,
    nothing would fit onto any instance, so that nothing is scaled."""
    if hopeless:
        return AT_REST
    needed = running + lacking if lacking else busy
    if running == 0:
        return FROM_NOTHING if needed else AT_REST
    return needed / running * 100


def lacking(demands: Iterable[Demand], cpu: int, memory: int, scaling: Mapping[str, Any]) -> int:
    """How many instances of that size are to be added, within the steps: what the group of tasks
    that needs most would fill. 0: none, or nothing of it fits."""
    most = max((_instances(one, cpu, memory) for one in demands), default=0)
    if most == 0:
        return 0
    least, limit = scaling["minimumScalingStepSize"], scaling["maximumScalingStepSize"]
    return int(max(least, min(most, limit)))


def _instances(demand: Demand, cpu: int, memory: int) -> int:
    by_cpu = cpu // demand.cpu if demand.cpu else demand.count
    by_memory = memory // demand.memory if demand.memory else demand.count
    fitting = min(by_cpu, by_memory)
    if fitting == 0:
        return 0
    return -(-demand.count // (1 if demand.alone else fitting))
