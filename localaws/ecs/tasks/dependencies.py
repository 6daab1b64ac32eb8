"""Which container of a task waits for which (`dependsOn`), and until when. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localaws.ecs.model import Container

CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
COMPLETION = ("COMPLETE", "SUCCESS")  # no condition to put on what must not end
GRAPH = "dependency graph: "  # how the ECS agent begins what it says of them

Definitions = Sequence[Mapping[str, Any]]


class Unresolvable(Exception):
    """A container can never be started; the text is the ECS agent's."""


def wrong(containers: Definitions) -> str | None:
    """What ECS says of dependencies that cannot be; None if they can."""
    by_name = {one["name"]: one for one in containers}
    for container in containers:
        for needed in needs(container):
            if sentence := _wrong(container, needed, by_name):
                return sentence
    try:
        order(containers)
    except CycleError:
        return "Container dependencies should not have a cycle"
    return None


def order(containers: Definitions) -> list[str]:
    """Names, whoever is needed first."""
    graph = {one["name"]: [it["containerName"] for it in needs(one)] for one in containers}
    return list(TopologicalSorter(graph).static_order())


def needs(container: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """What it waits for: container names and conditions."""
    return container.get("dependsOn") or ()


def dependents(name: str, containers: Definitions) -> list[str]:
    """Who needs it: they have stopped before it is stopped."""
    return [
        one["name"]
        for one in containers
        if any(needed["containerName"] == name for needed in needs(one))
    ]


def met(container: Container, others: Mapping[str, Container], now: datetime) -> bool:
    """Whether it may start. Raises Unresolvable if it never will."""
    return all(
        _met(others[needed["containerName"]], needed["condition"], container, now)
        for needed in needs(container.definition)
    )


def given_up(container: Container, others: Mapping[str, Container]) -> datetime | None:
    """When what it waits for will have taken longer than its `startTimeout`."""
    return min(_limits(container, others), default=None)


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


def _met(other: Container, condition: str, waiting: Container, now: datetime) -> bool:
    over = other.last_status == "STOPPED"
    pair = f"container ordering dependency [{_shown(other)}] for target [{_shown(waiting)}]"
    if over and condition == "SUCCESS" and other.exit_code != 0:
        raise Unresolvable(
            f"{GRAPH}failed to resolve {pair} as dependency did not exit successfully."
        )
    if over and condition == "HEALTHY":
        raise Unresolvable(f"{GRAPH}failed to resolve {pair} because dependency will never start")
    limit = _limit(other, condition)
    if not over and limit is not None and now >= limit:
        raise Unresolvable(f"{GRAPH}{pair} has timed out.")
    match condition:
        case "START":
            return over or other.started_at is not None
        case "HEALTHY":
            return other.health_status == "HEALTHY"
        case _:
            return over


def _shown(container: Container) -> str:
    """As the agent shows containers: what it is known to be, what it is to be."""
    known = "NONE" if container.last_status == "PENDING" else container.last_status
    code = "" if container.exit_code is None else f" - Exit: {container.exit_code}"
    return f"{container.name}({container.image}) ({known}->RUNNING){code}"


def _limits(container: Container, others: Mapping[str, Container]) -> Iterator[datetime]:
    for needed in needs(container.definition):
        other = others[needed["containerName"]]
        limit = _limit(other, needed["condition"])
        if limit is not None and other.last_status != "STOPPED":
            yield limit


def _limit(other: Container, condition: str) -> datetime | None:
    """None where the agent would wait for ever: no `startTimeout`, or it has not begun yet."""
    seconds = other.definition.get("startTimeout")
    if not seconds or other.started_at is None or condition == "START":
        return None
    return other.started_at + timedelta(seconds=seconds)
