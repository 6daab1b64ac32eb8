"""The desired count of an ECS service, read and written as Application Auto Scaling does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.scaling.model import Key
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World


@dataclass(frozen=True)
class Capacity:
    desired: int
    running: int
    deploying: bool  # then nothing scales in


async def read(world: World, key: Key) -> Capacity | None:
    """None: the service is not there, or is going."""
    try:
        answer = await world.aws.call(
            "ecs", "DescribeServices", {"cluster": key.cluster, "services": [key.service]}
        )
    except AwsError:
        return None
    for service in answer["services"]:
        if service["status"] == "ACTIVE":
            rolling = any(one["rolloutState"] == "IN_PROGRESS" for one in service["deployments"])
            deploying = rolling or len(service["deployments"]) > 1
            return Capacity(service["desiredCount"], service["runningCount"], deploying)
    return None


async def write(world: World, key: Key, desired: int) -> None:
    """Raises AwsError."""
    params = {"cluster": key.cluster, "service": key.service, "desiredCount": desired}
    await world.aws.call("ecs", "UpdateService", params)


def within(capacity: int, minimum: int, maximum: int) -> int:
    return max(minimum, min(capacity, maximum))
