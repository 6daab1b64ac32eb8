"""What EC2 did with hosts while nobody listened: the local AWS was killed between the two."""

from __future__ import annotations

from collections.abc import Collection

from localaws.ecs.needs import World
from localaws.machines import described

_ENDED = {
    "shutting-down": "terminated",
    "terminated": "terminated",
    "stopping": "stopped",
    "stopped": "stopped",
}


async def ended(world: World, hosts: Collection[str]) -> dict[str, str]:
    """How, by EC2 id; one that EC2 has forgotten was terminated."""
    if not hosts:
        return {}
    known = await described(world.aws, [{"Name": "instance-id", "Values": sorted(hosts)}])
    states = {one["InstanceId"]: one["State"]["Name"] for one in known}
    now = {one: states.get(one, "terminated") for one in hosts}
    return {one: _ENDED[state] for one, state in now.items() if state in _ENDED}
