"""Which container of a task waits for which (`dependsOn`), and until when. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
COMPLETION = ("COMPLETE", "SUCCESS")  # no condition to put on what must not end

Definitions = Sequence[Mapping[str, Any]]


def wrong(containers: Definitions) -> str | None:
    """What ECS says of dependencies that cannot be; None if they can."""
    by_name = {one["name"]: one for one in containers}
    for container in containers:
        for needed in container.get("dependsOn", ()):
            if sentence := _wrong(container, needed, by_name):
                return sentence
    try:
        order(containers)
    except CycleError:
        return "Container dependencies should not have a cycle"
    return None


def order(containers: Definitions) -> list[str]:
    """Names, whoever is needed first; they stop the other way round."""
    graph = {one["name"]: [it["containerName"] for it in needs(one)] for one in containers}
    return list(TopologicalSorter(graph).static_order())


def needs(container: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """What it waits for: container names and conditions."""
    return container.get("dependsOn") or ()


def dependents(containers: Definitions) -> dict[str, list[str]]:
    """By name, who needs it: those must have stopped before it is stopped."""
    found: dict[str, list[str]] = {one["name"]: [] for one in containers}
    for container in containers:
        for needed in needs(container):
            found[needed["containerName"]].append(container["name"])
    return found


def _wrong(
    container: Mapping[str, Any], needed: Mapping[str, str], by_name: Mapping[str, Any]
) -> str | None:
    name, condition = needed["containerName"], needed["condition"]
    other = by_name.get(name)
    if other is None:
        # the `+` is AWS's own
        return f"Cannot depend on container + '{name}' because it does not exist"
    if condition not in CONDITIONS:
        return f"Invalid 'condition' setting for container '{container['name']}'."
    if condition in COMPLETION and other.get("essential", True):
        return (
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential "
            "container"
        )
    if condition == "HEALTHY" and not other.get("healthCheck"):
        return (
            f"Container '{name}' must have a health check because container "
            f"'{container['name']}' depends on it with the HEALTHY condition"
        )
    return None
