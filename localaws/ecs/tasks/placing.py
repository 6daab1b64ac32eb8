"""Which of a cluster's instances takes a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.placement import SPREAD, Refused, place
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
        constraints: Iterable[Mapping[str, str]] = [
            *asked.get("placementConstraints", ()),
            *definition.body.get("placementConstraints", ()),
        ]
        ledger = self._fleet.ledger
        need = ledger.need(definition, overrides, group, constraints)
        found = place(need, ledger.rooms(instances), asked.get("placementStrategy") or SPREAD)
        return found if isinstance(found, Refused) else self._state.instances[found.arn]
