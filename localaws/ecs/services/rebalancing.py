"""Whether a service's tasks are to be kept even over the availability zones. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.ecs.instances.placement import ZONE


def possible(settings: Mapping[str, Any], configuration: Mapping[str, Any]) -> bool:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html"""
    first = next(iter(settings.get("placementStrategy", ())), None)
    spread = first is None or (first["type"] == "spread" and first.get("field", "").endswith(ZONE))
    constraints = settings.get("placementConstraints", ())
    bound = any(ZONE in one.get("expression", "") for one in constraints)
    return spread and not bound and configuration["maximumPercent"] > 100
