"""RegisterTargets, DeregisterTargets and DescribeTargetHealth, in AWS's shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.elbv2 import checks, limits, whereabouts
from localaws.elbv2.model import Target, TargetGroup, TargetHealth
from localaws.elbv2.store import Store
from localaws.elbv2.targets import Key, Targets

if TYPE_CHECKING:
    from localaws.world import World


class Registrations:
    def __init__(self, world: World, store: Store, targets: Targets) -> None:
        self._world = world
        self._store = store
        self._targets = targets

    async def register(self, params: dict[str, Any]) -> dict[str, Any]:
        group = self._store.group(params["TargetGroupArn"])
        wanted = [_key(group, entry) for entry in params["Targets"]]
        zones = {entry["Id"]: entry.get("AvailabilityZone") for entry in params["Targets"]}
        places = await whereabouts.find(self._world, group, zones)
        limits.check_targets(self._store, group, wanted)
        for key in wanted:
            self._targets.register(group, key, places[key[0]])
        return {}

    def deregister(self, params: dict[str, Any]) -> dict[str, Any]:
        """Without a port, every port of that target goes."""
        group = self._store.group(params["TargetGroupArn"])
        for entry in params["Targets"]:
            for key in _keys(group, entry):
                self._targets.deregister(group, key)
        return {}

    def describe_health(self, params: dict[str, Any]) -> dict[str, Any]:
        group = self._store.group(params["TargetGroupArn"])
        keys = list(group.targets)
        if asked := params.get("Targets"):
            keys = [_key(group, entry) for entry in asked]
        return {"TargetHealthDescriptions": [self._describe(group, key) for key in keys]}

    def _describe(self, group: TargetGroup, key: Key) -> dict[str, Any]:
        described: dict[str, Any] = {
            "Target": {"Id": key[0], "Port": key[1]},
            "TargetHealth": _render(self._targets.health(group, key) or checks.NOT_REGISTERED),
        }
        if target := group.targets.get(key):
            if group.settings["TargetType"] == "ip":
                described["Target"] |= _zone(target)
            described["HealthCheckPort"] = str(checks.port(group, target))
        return described


def _key(group: TargetGroup, entry: dict[str, Any]) -> Key:
    return entry["Id"], entry.get("Port", group.settings["Port"])


def _keys(group: TargetGroup, entry: dict[str, Any]) -> list[Key]:
    if "Port" in entry:
        return [_key(group, entry)]
    return [key for key in group.targets if key[0] == entry["Id"]]


def _zone(target: Target) -> dict[str, str]:
    return {"AvailabilityZone": target.zone} if target.zone else {}


def _render(health: TargetHealth) -> dict[str, str]:
    rendered = {"State": str(health.state)}
    if health.reason and health.description:
        rendered |= {"Reason": health.reason, "Description": health.description}
    return rendered
