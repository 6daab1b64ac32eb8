"""Managed scaling: measured, published to CloudWatch, and told to the group's policy."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from localaws.ecs.capacity import demand, groups, measure
from localaws.ecs.capacity.provider import CapacityProvider
from localaws.ecs.capacity.waiting import Waiting
from localaws.ecs.model import Cluster
from localaws.ecs.needs import World

log = logging.getLogger(__name__)
PUBLISHED_EVERY = timedelta(seconds=59)  # looks are a minute apart, and a little less


class Scaling:
    def __init__(self, world: World, waiting: Waiting) -> None:
        self._world, self._waiting = world, waiting
        self._published = dict[str, tuple[datetime, float]]()  # the last time, by provider

    async def look(
        self, cluster: Cluster, provider: CapacityProvider, group: dict[str, Any], busy: set[str]
    ) -> None:
        policy = _policy(cluster, provider)
        ours = groups.TAG in {tag["Key"] for tag in group["Tags"]}
        if not provider.scales or policy is None or not ours:
            return
        value = await self._measured(cluster, provider, group, busy)
        await self._publish(cluster, provider, value)
        await self._world.autoscaling.measured(provider.group, policy, value)

    async def _measured(
        self, cluster: Cluster, provider: CapacityProvider, group: dict[str, Any], busy: set[str]
    ) -> float:
        waiting = demand.of(self._waiting.of(cluster.name, provider.name))
        running = {
            one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"
        }
        if not waiting:
            return measure.reservation(len(running), len(running & busy), 0)
        size = await demand.size(self._world, group)
        scaling = provider.settings["managedScaling"]
        lacking = measure.lacking(waiting, size.cpu, size.memory, scaling)
        hopeless = lacking == 0
        return measure.reservation(len(running), len(running & busy), lacking, hopeless=hopeless)

    async def _publish(self, cluster: Cluster, provider: CapacityProvider, value: float) -> None:
        """Once a minute, and when it is another."""
        now = self._world.clock.now()
        at, last = self._published.get(provider.name, (None, None))
        if at and last == value and now - at < PUBLISHED_EVERY:
            return
        self._published[provider.name] = now, value
        datum = {
            "MetricName": groups.METRIC,
            "Dimensions": groups.dimensions(provider, cluster.name),
            "Timestamp": now,
            "Value": value,
            "Unit": "Percent",
        }
        asked = {"Namespace": groups.NAMESPACE, "MetricData": [datum]}
        await self._world.aws.call("cloudwatch", "PutMetricData", asked)


def _policy(cluster: Cluster, provider: CapacityProvider) -> str | None:
    """Its name, once it is attached."""
    for one in cluster.attachments:
        ours = (one.provider, one.kind, one.status) == (provider.name, "as_policy", "CREATED")
        if ours:
            return one.made
    return None
