"""Which capacity providers a cluster has, and by which of them it places tasks by default."""

from __future__ import annotations

from typing import Any

from localaws.ecs.capacity import strategy
from localaws.ecs.capacity.provider import FARGATE, UPDATING, CapacityProvider
from localaws.ecs.desk import Desk, Params
from localaws.ecs.model import Cluster, State
from localaws.ecs.names import short
from localaws.ecs.refusals import invalid
from localaws.wire import AwsError

MOST = 20  # of a cluster
TOO_MANY = "The maximum number of capacity providers per cluster has been exceeded."
BUSY = (
    "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or "
    "UPDATE_FAILED state before they can be updated."
)
UNKNOWN = (
    "The specified capacity provider was not found. Specify a valid capacity provider and try "
    "again."
)
IN_USE = "The specified capacity provider is in use and cannot be removed."
ELSEWHERE = (
    "A capacity provider with managed scaling can be associated with one cluster at a time: {} is "
    "associated with cluster {}."
)


def put(desk: Desk, cluster: Cluster, params: Params) -> None:
    """In place of those that it has; what this takes in Auto Scaling is done behind the answer."""
    if cluster.attachments_status == UPDATING:
        raise AwsError("UpdateInProgressException", BUSY)
    names = list(dict.fromkeys(short(one) for one in params.get("capacityProviders", ())))
    by_default = strategy.whole(params.get("defaultCapacityProviderStrategy", ()), names)
    if len(names) > MOST:
        raise invalid(TOO_MANY)
    for name in names:
        _check(desk.state, cluster, name)
    if any(
        _used(desk.state, cluster, one) for one in cluster.capacity_providers if one not in names
    ):
        raise AwsError("ResourceInUseException", IN_USE)
    cluster.capacity_providers, cluster.strategy = names, by_default
    desk.attaching.associate(cluster)


def shape(cluster: Cluster, *, attachments: bool) -> dict[str, Any]:
    """Of a cluster's description."""
    shown: dict[str, Any] = {
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": cluster.strategy,
    }
    if attachments and cluster.attachments_status:
        shown["attachments"] = [one.shape for one in cluster.attachments]
        shown["attachmentsStatus"] = cluster.attachments_status
    return shown


def of_cluster(state: State, cluster: Cluster) -> list[CapacityProvider]:
    """Those with groups."""
    return [state.providers[one] for one in cluster.capacity_providers if one not in FARGATE]


def _check(state: State, cluster: Cluster, name: str) -> None:
    if name in FARGATE:
        return
    provider = state.providers.get(name)
    if provider is None or not provider.active:
        raise invalid(UNKNOWN)
    for other in state.clusters.values():
        if provider.scales and other is not cluster and name in other.capacity_providers:
            raise invalid(ELSEWHERE.format(name, other.name))


def _used(state: State, cluster: Cluster, name: str) -> bool:
    """By a task that has not ended, or a service that would place tasks by it."""
    tasks = any(
        one.cluster == cluster.name and one.capacity_provider == name and not one.over
        for one in state.tasks.values()
    )
    return tasks or any(
        name == item["capacityProvider"]
        for one in state.services.values()
        if one.cluster == cluster.name and one.status != "INACTIVE"
        for item in one.strategy
    )
