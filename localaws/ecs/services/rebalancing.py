"""Whether a service's tasks are to be kept even over the availability zones, and what moves. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from localaws.ecs.instances.placement import ZONE
from localaws.ecs.services.scheduling import TaskView


def hindrance(settings: Mapping[str, Any], configuration: Mapping[str, Any]) -> str | None:
    """Why it cannot be, as the end of ECS's sentence: of the first its users tell, the others are
    worded alike."""
    first = next(iter(settings.get("placementStrategy", ())), None)
    spread = first is None or (first["type"] == "spread" and first.get("field", "").endswith(ZONE))
    constraints = settings.get("placementConstraints", ())
    bound = any(ZONE in one.get("expression", "") for one in constraints)
    if configuration["maximumPercent"] <= 100:
        return "maximumPercent <= 100%"
    if not spread:
        return "a first placement strategy other than Availability Zone spread"
    return f"attribute:{ZONE} as a placement constraint" if bound else None


def enabled(settings: Mapping[str, Any], configuration: Mapping[str, Any]) -> bool:
    wanted = settings["availabilityZoneRebalancing"] == "ENABLED"
    return wanted and hindrance(settings, configuration) is None


def counts(tasks: Iterable[TaskView], zones: Collection[str]) -> dict[str, int]:
    """The fullest zone first."""
    found = Counter(dict.fromkeys(zones, 0))
    found.update(one.zone for one in tasks)
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def missing(counted: Mapping[str, int]) -> dict[str, int]:
    """How many tasks more each zone should have; nothing where no zone has two more than another.

    What does not divide evenly stays where most are already.
    """
    if not counted or max(counted.values()) - min(counted.values()) <= 1:
        return {}
    least, remainder = divmod(sum(counted.values()), len(counted))
    fullest = sorted(counted, key=lambda zone: (-counted[zone], zone))
    wanted = {zone: least + (place < remainder) for place, zone in enumerate(fullest)}
    return {zone: wanted[zone] - n for zone, n in counted.items() if wanted[zone] > n}


def surplus(tasks: Iterable[TaskView], count: int, stay: Collection[str]) -> list[TaskView]:
    """Whom to stop: from the fullest zone, the oldest; neither the protected nor those that came
    to `stay`."""
    left, chosen = list(tasks), list[TaskView]()
    while len(chosen) < count:
        zones = Counter(one.zone for one in left)
        free = [one for one in left if not one.protected and one.id not in stay]
        if not free:
            break
        one = min(free, key=lambda it: (-zones[it.zone], it.zone, it.created))
        left.remove(one)
        chosen.append(one)
    return chosen
