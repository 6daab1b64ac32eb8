"""Which capacity provider strategy a service or a task is placed by: its own, or the cluster's."""

from __future__ import annotations

from localaws.ecs.capacity import strategy
from localaws.ecs.capacity.provider import FARGATE
from localaws.ecs.capacity.strategy import Item
from localaws.ecs.desk import Params
from localaws.ecs.model import Cluster, Service
from localaws.ecs.refusals import invalid

BOTH = (
    "Specifying both a launch type and capacity provider strategy is not supported. Remove one and "
    "try again."
)
NOTHING_LEFT = (
    "No launch type to fall back to for empty capacity provider strategy. Your service was not "
    "created with a launch type."
)
UNFORCED = (
    "When switching from launch type to capacity provider strategy on an existing service, or "
    "making a change to a capacity provider strategy on a service that is already using one, you "
    "must force a new deployment."
)
NOT_FARGATE = "Task definition does not support launch_type FARGATE."


def chosen(cluster: Cluster, params: Params) -> list[Item]:
    """For what is new; []: by launch type."""
    asked = params.get("capacityProviderStrategy")
    if asked and params.get("launchType"):
        raise invalid(BOTH)
    if params.get("launchType"):
        return []
    return _given(cluster, asked) if asked else _default(cluster)


def changed(cluster: Cluster, service: Service, params: Params) -> list[Item]:
    """For a service that is updated; an empty strategy takes it back to what it was made with."""
    asked = params.get("capacityProviderStrategy")
    if asked is None:
        return service.strategy
    found = _given(cluster, asked) if asked else _fallback(cluster, service)
    if found != service.strategy and not params.get("forceNewDeployment"):
        raise invalid(UNFORCED)
    return found


def _fallback(cluster: Cluster, service: Service) -> list[Item]:
    if service.launch_type:
        return []
    if not cluster.strategy:
        raise invalid(NOTHING_LEFT)
    return _default(cluster)


def _given(cluster: Cluster, asked: list[Item]) -> list[Item]:
    found = strategy.whole(asked, cluster.capacity_providers)
    strategy.check_weights(found, of_cluster=False)
    return _without_fargate(found)


def _default(cluster: Cluster) -> list[Item]:
    strategy.check_weights(cluster.strategy, of_cluster=True)
    return _without_fargate(cluster.strategy)


def _without_fargate(found: list[Item]) -> list[Item]:
    if any(one["capacityProvider"] in FARGATE for one in found):
        raise invalid(NOT_FARGATE)
    return list(found)
