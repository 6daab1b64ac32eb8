"""What a task reserves of its instance: processor, memory, fixed host ports. Pure."""

from __future__ import annotations

from typing import Any

from localaws.ecs.model import TaskDefinition


def cpu(definition: TaskDefinition, overrides: dict[str, Any]) -> int:
    """Units: the task's own figure, else the sum of its containers'."""
    return _reserved(definition, overrides, "cpu", "cpu")


def memory(definition: TaskDefinition, overrides: dict[str, Any]) -> int:
    """MiB; a container's soft limit counts where it has one."""
    return _reserved(definition, overrides, "memory", "memoryReservation", "memory")


def host_ports(definition: TaskDefinition) -> tuple[frozenset[int], frozenset[int]]:
    """Of TCP and of UDP, without 0: any. In host mode the container's port is the host's."""
    host_mode = definition.body.get("networkMode") == "host"
    ports: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for container in definition.containers:
        for mapping in container.get("portMappings", ()):
            port = mapping.get("containerPort", 0) if host_mode else mapping.get("hostPort", 0)
            ports[mapping.get("protocol", "tcp")].add(port)
    return frozenset(ports["tcp"] - {0}), frozenset(ports["udp"] - {0})


def _reserved(
    definition: TaskDefinition, overrides: dict[str, Any], whole: str, *parts: str
) -> int:
    if own := overrides.get(whole) or definition.body.get(whole):
        return int(own)
    by_name = {one["name"]: one for one in overrides.get("containerOverrides", ()) if "name" in one}
    layers = ({**one, **by_name.get(one["name"], {})} for one in definition.containers)
    return sum(next((int(one[part]) for part in parts if one.get(part)), 0) for one in layers)
