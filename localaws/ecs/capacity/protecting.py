"""Managed termination protection: scale-in takes no instance that has tasks on it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-termination-protection.html
"""

from __future__ import annotations

from typing import Any

from localaws.ecs.capacity import groups
from localaws.ecs.capacity.provider import CapacityProvider
from localaws.ecs.needs import World


async def look(
    world: World, provider: CapacityProvider, group: dict[str, Any], busy: set[str], *, calm: bool
) -> None:
    """Protects those with tasks; those without may go, while no task waits (`calm`)."""
    if not provider.protects or not provider.scales:
        return
    serving = [one for one in group["Instances"] if one["LifecycleState"] == "InService"]
    bare = [it["InstanceId"] for it in serving if not it["ProtectedFromScaleIn"]]
    kept = [it["InstanceId"] for it in serving if it["ProtectedFromScaleIn"]]
    if found := [one for one in bare if one in busy]:
        await groups.protect(world, provider.group, found, on=True)
    if calm and (found := [one for one in kept if one not in busy]):
        await groups.protect(world, provider.group, found, on=False)
