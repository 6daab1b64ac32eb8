"""Container instances: listed, shown, drained, deregistered."""

from __future__ import annotations

from localaws.ecs import messages
from localaws.ecs.desk import Desk, Params, Result, invalid, page, refuse_unmodelled
from localaws.ecs.instances import shape
from localaws.ecs.instances.placement import member, understood
from localaws.ecs.model import Cluster, Instance
from localaws.ecs.names import short
from localaws.wire import AwsError

MISSING = "The referenced container instance was not found."
MOST_DESCRIBED = 100
MOST_UPDATED = 10
INCLUDES = ("TAGS", "CONTAINER_INSTANCE_HEALTH")
STATUSES = ("ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED")


def list_(desk: Desk, params: Params) -> Result:
    """By default all but the INACTIVE; a filter is in the cluster query language."""
    refuse_unmodelled(
        "ListContainerInstances", params, ("cluster", "filter", "nextToken", "maxResults", "status")
    )
    cluster, status = desk.cluster(params), params.get("status")
    if status not in (None, *STATUSES):
        raise invalid(f"Container instance status must be one of {', '.join(STATUSES)}.")
    expression = params.get("filter", "")
    if expression and not understood(expression):
        raise invalid(f"Invalid filter expression: {expression}")
    found = [
        one.arn
        for one in of(desk, cluster)
        if status in (None, one.status)
        and (not expression or member(desk.fleet.ledger.room(one), [expression]))
    ]
    return page(found, params, "containerInstanceArns", 100)


def describe(desk: Desk, params: Params) -> Result:
    cluster, names = desk.cluster(params), params["containerInstances"]
    if not names:
        raise invalid("Container instances cannot be empty.")
    if len(names) > MOST_DESCRIBED:
        raise invalid(f"Container instances cannot have more than {MOST_DESCRIBED} elements.")
    include = params.get("include", ())
    for one in include:
        if one not in INCLUDES:
            raise invalid(f"Unsupported include field: {one}")
    found, failures = _chosen(desk, cluster, names, former=True)
    return {
        "containerInstances": [shown(desk, one, include) for one in found],
        "failures": failures,
    }


def update_state(desk: Desk, params: Params) -> Result:
    """DRAINING: nothing new is placed there, and services move their tasks away."""
    cluster, status = desk.cluster(params), params["status"]
    if status not in ("ACTIVE", "DRAINING"):
        raise invalid(f"Container instance status must be ACTIVE or DRAINING: {status}")
    if len(params["containerInstances"]) > MOST_UPDATED:
        raise invalid(f"Container instances cannot have more than {MOST_UPDATED} elements.")
    found, failures = _chosen(desk, cluster, params["containerInstances"])
    for instance in found:
        if instance.status != status:
            instance.status = status
            desk.fleet.changed(instance)
    return {"containerInstances": [shown(desk, one) for one in found], "failures": failures}


def deregister(desk: Desk, params: Params) -> Result:
    """By force even with tasks: ECS knows them no more, but their containers run on."""
    instance = desk.instance(desk.cluster(params), params["containerInstance"])
    if instance is None:
        raise invalid(MISSING)
    tasks = [one for one in desk.fleet.tasks(instance) if one.wanted]
    if tasks and not params.get("force"):
        raise invalid("Found running tasks on the instance.")
    for task in desk.fleet.tasks(instance):
        desk.lives.orphan(task, messages.FORCED_OUT)
    desk.fleet.remove(instance)
    return {"containerInstance": shown(desk, instance)}


def update_agent(desk: Desk, params: Params) -> Result:
    """It is the newest there is."""
    if desk.instance(desk.cluster(params), params["containerInstance"]) is None:
        raise invalid(MISSING)
    raise AwsError(
        "NoUpdateAvailableException",
        "There is no update available for your container agent.",
    )


def of(desk: Desk, cluster: Cluster) -> list[Instance]:
    return [one for one in desk.state.instances.values() if one.cluster == cluster.name]


def shown(desk: Desk, instance: Instance, include: tuple[str, ...] = ()) -> Result:
    tasks, tags = desk.fleet.tasks(instance), desk.tags(instance.arn)
    return shape.describe(desk.fleet.ledger, instance, tasks, tags, include)


def _chosen(
    desk: Desk, cluster: Cluster, names: list[str], *, former: bool = False
) -> tuple[list[Instance], list[dict[str, str]]]:
    """Those that are there, and a failure for each that is not."""
    found, failures = [], []
    for name in names:
        instance = desk.instance(cluster, name)
        if instance or (former and (instance := desk.former_instance(cluster, name))):
            found.append(instance)
        else:
            arn = desk.fleet.arn(cluster.name, short(name))
            failures.append({"arn": arn, "reason": "MISSING"})
    return found, failures


OPERATIONS = {
    "ListContainerInstances": list_,
    "DescribeContainerInstances": describe,
    "UpdateContainerInstancesState": update_state,
    "DeregisterContainerInstance": deregister,
    "UpdateContainerAgent": update_agent,
}
