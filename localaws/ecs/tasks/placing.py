"""Which of a cluster's instances takes a task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.placement import SPREAD, ZONE, Refused, member, place
from localaws.ecs.model import Instance, State, TaskDefinition

Json = dict[str, Any]
KEPT = ("placementConstraints", "placementStrategy")  # of what was asked for: a task may wait


class Placing:
    def __init__(self, state: State, fleet: Fleet) -> None:
        self._state, self._fleet = state, fleet

    def find(
        self,
        cluster: str,
        definition: TaskDefinition,
        group: str,
        overrides: Json,
        asked: Mapping[str, Any],
        provider: str | None = None,
    ) -> Instance | Refused:
        """Among those of a capacity provider, if there is one."""
        instances = [
            one
            for one in self._state.instances.values()
            if one.cluster == cluster and provider in (None, one.capacity_provider)
        ]
        constraints = _constraints(definition, asked)
        ledger = self._fleet.ledger
        need = ledger.need(definition, overrides, group, constraints)
        found = place(need, ledger.rooms(instances), asked.get("placementStrategy") or SPREAD)
        return found if isinstance(found, Refused) else self._state.instances[found.arn]

    def zones(
        self,
        cluster: str,
        definition: TaskDefinition,
        asked: Mapping[str, Any],
        providers: Collection[str],
    ) -> set[str]:
        """Those of the instances that it may be on; of any, or of certain capacity providers."""
        expressions = [
            one["expression"]
            for one in _constraints(definition, asked)
            if one["type"] == "memberOf"
        ]
        instances = [
            one
            for one in self._state.instances.values()
            if one.cluster == cluster and (not providers or one.capacity_provider in providers)
        ]
        return {
            self._state.instances[room.arn].availability_zone
            for room in self._fleet.ledger.rooms(instances)
            if room.connected and member(room, expressions)
        }


def within(zone: str, asked: Mapping[str, Any]) -> Json:
    """The same, and that it is in that availability zone."""
    here = {"type": "memberOf", "expression": f"attribute:{ZONE} == {zone}"}
    return {**asked, "placementConstraints": [*asked.get("placementConstraints", ()), here]}


def _constraints(definition: TaskDefinition, asked: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [
        *asked.get("placementConstraints", ()),
        *definition.body.get("placementConstraints", ()),
    ]
