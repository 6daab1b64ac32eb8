"""Container instances: shown, drained, deregistered."""

from __future__ import annotations

from typing import Any

from localaws.ecs import messages
from localaws.ecs.desk import Desk, Params, Result, invalid, page
from localaws.ecs.instances import capacity
from localaws.ecs.model import STARTING, Instance, Life, Task
from localaws.ecs.names import short

MISSING = "The referenced container instance was not found."


def list_(desk: Desk, params: Params) -> Result:
    cluster, status = desk.cluster(params), params.get("status")
    if params.get("filter"):
        raise invalid("Filters of container instances are not modelled by the local AWS")
    found = [
        one.arn
        for one in desk.state.instances.values()
        if one.cluster == cluster.name and status in (None, one.status)
    ]
    return page(found, params, "containerInstanceArns", 100)


def describe(desk: Desk, params: Params) -> Result:
    cluster, found, failures = desk.cluster(params), [], []
    if not params["containerInstances"]:
        raise invalid("Container instances cannot be empty.")
    for name in params["containerInstances"]:
        if instance := desk.instance(cluster, name):
            found.append(shape(desk, instance, params.get("include", ())))
        else:
            failures.append(_missing(desk, cluster.name, name))
    return {"containerInstances": found, "failures": failures}


def update_state(desk: Desk, params: Params) -> Result:
    """DRAINING: nothing new is placed there, and services move their tasks away."""
    cluster, found, failures = desk.cluster(params), [], []
    if params["status"] not in ("ACTIVE", "DRAINING"):
        raise invalid(f"Container instance status must be ACTIVE or DRAINING: {params['status']}")
    for name in params["containerInstances"]:
        if instance := desk.instance(cluster, name):
            instance.status, instance.version = params["status"], instance.version + 1
            found.append(shape(desk, instance))
        else:
            failures.append(_missing(desk, cluster.name, name))
    desk.wake()
    return {"containerInstances": found, "failures": failures}


def deregister(desk: Desk, params: Params) -> Result:
    instance = desk.instance(desk.cluster(params), params["containerInstance"])
    if instance is None:
        raise invalid(MISSING)
    tasks = [one for one in _tasks(desk, instance) if one.wanted]
    if tasks and not params.get("force"):
        raise invalid("Found running tasks on the instance.")
    for task in tasks:
        desk.lives.stop(task, "ServiceSchedulerInitiated", messages.FORCED_OUT)
    instance.status, instance.version = "INACTIVE", instance.version + 1
    del desk.state.instances[instance.arn]
    desk.wake()
    return {"containerInstance": shape(desk, instance)}


def _missing(desk: Desk, cluster: str, name: str) -> Result:
    arn = desk.world.arn("ecs", f"container-instance/{cluster}/{short(name)}")
    return {"arn": arn, "reason": "MISSING"}


def _tasks(desk: Desk, instance: Instance) -> list[Task]:
    return [one for one in desk.state.tasks.values() if one.instance is instance and not one.over]


def shape(desk: Desk, instance: Instance, include: tuple[str, ...] = ()) -> dict[str, Any]:
    tasks = _tasks(desk, instance)
    whole, left = capacity.room(instance, ()), capacity.room(instance, tasks)
    described: dict[str, Any] = {
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2_instance_id,
        "version": instance.version,
        "versionInfo": {"agentVersion": "1.99.0"},
        "remainingResources": _resources(left.cpu, left.memory, left.ports),
        "registeredResources": _resources(whole.cpu, whole.memory, whole.ports),
        "status": instance.status,
        "agentConnected": True,
        "runningTasksCount": sum(one.status is Life.RUNNING for one in tasks),
        "pendingTasksCount": sum(one.status in STARTING for one in tasks),
        "attributes": [{"name": key, "value": value} for key, value in whole.attributes.items()],
        "registeredAt": instance.registered_at,
        "attachments": [],
        "tags": desk.tags(instance.arn) if "TAGS" in include else [],
    }
    if "CONTAINER_INSTANCE_HEALTH" in include:
        described["healthStatus"] = {"overallStatus": "OK", "details": []}
    return described


def _resources(cpu: int, memory: int, ports: frozenset[int]) -> list[dict[str, Any]]:
    return [
        {"name": "CPU", "type": "INTEGER", "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": sorted(map(str, ports))},
        {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": []},
    ]


OPERATIONS = {
    "ListContainerInstances": list_,
    "DescribeContainerInstances": describe,
    "UpdateContainerInstancesState": update_state,
    "DeregisterContainerInstance": deregister,
}
