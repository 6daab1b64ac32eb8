"""Clusters: made, shown, set, deleted once empty."""

from __future__ import annotations

from localaws.ecs.capacity import associations
from localaws.ecs.desk import Desk, Params, Result, page, refuse_unmodelled
from localaws.ecs.model import STARTING, Cluster, Life
from localaws.ecs.names import short
from localaws.ecs.refusals import invalid
from localaws.wire import AwsError

PROVIDED = ("capacityProviders", "defaultCapacityProviderStrategy")
INCONSISTENT = (
    "Arguments on this idempotent request are inconsistent with arguments used in previous "
    "request(s)."
)


def create(desk: Desk, params: Params) -> Result:
    """One that exists is answered as it is, unless other capacity providers are asked for."""
    modelled = ("clusterName", "tags", "settings", *PROVIDED)
    refuse_unmodelled("CreateCluster", params, modelled)
    name = params.get("clusterName", "default")
    cluster = desk.state.clusters.get(name)
    if cluster is None or cluster.status == "INACTIVE":
        cluster = _make(desk, name, params)
    elif any(params.get(one, []) != [] for one in PROVIDED):
        asked = [short(one) for one in params.get("capacityProviders", ())]
        if asked != cluster.capacity_providers:
            raise invalid(INCONSISTENT)
    return {"cluster": _describe(desk, cluster, ("ATTACHMENTS", "SETTINGS", "TAGS"))}


def _make(desk: Desk, name: str, params: Params) -> Cluster:
    cluster = Cluster(name, desk.world.arn("ecs", f"cluster/{name}"))
    cluster.settings = params.get("settings", [])
    if any(params.get(one) for one in PROVIDED):
        associations.put(desk, cluster, params)
    desk.state.clusters[name] = cluster
    desk.tag(cluster.arn, params.get("tags", ()))
    desk.booting.cluster_made(name)
    return cluster


def put_providers(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    associations.put(desk, cluster, params)
    return {"cluster": _describe(desk, cluster, ("ATTACHMENTS", "SETTINGS", "TAGS"))}


def update_settings(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    named = {one["name"]: one for one in [*cluster.settings, *params["settings"]]}
    cluster.settings = list(named.values())
    return {"cluster": _describe(desk, cluster, ("SETTINGS",))}


def describe(desk: Desk, params: Params) -> Result:
    found, failures = [], []
    for name in params.get("clusters") or ["default"]:
        if cluster := desk.state.clusters.get(short(name)):
            found.append(_describe(desk, cluster, params.get("include", ())))
        else:
            arn = desk.world.arn("ecs", f"cluster/{short(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"clusters": found, "failures": failures}


def list_(desk: Desk, params: Params) -> Result:
    active = [one.arn for one in desk.state.clusters.values() if one.status == "ACTIVE"]
    return page(active, params, "clusterArns", 100)


def delete(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    shape = _describe(desk, cluster)
    for count, code, what in (
        ("activeServicesCount", "ClusterContainsServicesException", "Services are active"),
        (
            "registeredContainerInstancesCount",
            "ClusterContainsContainerInstancesException",
            "Container Instances are active or draining",
        ),
        ("runningTasksCount", "ClusterContainsTasksException", "Tasks are active"),
        ("pendingTasksCount", "ClusterContainsTasksException", "Tasks are active"),
    ):
        if shape[count]:
            raise AwsError(code, f"The Cluster cannot be deleted while {what}.")
    cluster.status, cluster.capacity_providers, cluster.strategy = "INACTIVE", [], []
    if cluster.attachments:
        desk.attaching.associate(cluster)
    return {"cluster": _describe(desk, cluster)}


def _describe(desk: Desk, cluster: Cluster, include: tuple[str, ...] = ()) -> Result:
    state = desk.state
    tasks = [one.status for one in state.tasks.values() if one.cluster == cluster.name]
    services = [one.status for one in state.services.values() if one.cluster == cluster.name]
    instances = [one for one in state.instances.values() if one.cluster == cluster.name]
    shape: Result = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": len(instances),
        "runningTasksCount": sum(one is Life.RUNNING for one in tasks),
        "pendingTasksCount": sum(one in STARTING for one in tasks),
        "activeServicesCount": sum(one != "INACTIVE" for one in services),
        "statistics": [],
        "settings": cluster.settings if "SETTINGS" in include else [],
        "tags": desk.tags(cluster.arn) if "TAGS" in include else [],
    }
    return shape | associations.shape(cluster, attachments="ATTACHMENTS" in include)


OPERATIONS = {
    "CreateCluster": create,
    "DescribeClusters": describe,
    "ListClusters": list_,
    "DeleteCluster": delete,
    "PutClusterCapacityProviders": put_providers,
    "UpdateClusterSettings": update_settings,
}
