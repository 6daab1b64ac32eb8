"""Tasks: stopped, described, listed."""

from __future__ import annotations

from localaws.ecs import messages
from localaws.ecs.desk import Desk, Params, Result, page
from localaws.ecs.model import Cluster, State, Task
from localaws.ecs.names import revision, short
from localaws.ecs.refusals import invalid, refuse_unmodelled
from localaws.ecs.tasks import shape as task_shape

MOST_DESCRIBED = 100
LONGEST_REASON = 1024
LIST = (
    "cluster",
    "containerInstance",
    "family",
    "nextToken",
    "maxResults",
    "startedBy",
    "serviceName",
    "desiredStatus",
    "launchType",
)
FILTERS = ("containerInstance", "family", "serviceName", "launchType")
ARN_PARTS_WITH_CLUSTER = 3  # task/cluster/id


def stop(desk: Desk, params: Params) -> Result:
    """A service replaces it."""
    cluster, reason = desk.cluster(params), params.get("reason") or messages.STOPPED_BY_USER
    if len(reason) > LONGEST_REASON:
        raise invalid(f"Reason cannot be longer than {LONGEST_REASON} characters.")
    task = find(desk.state, cluster, params["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    desk.lives.stop(task, "UserInitiated", reason)
    return {"task": described(desk, task)}


def describe(desk: Desk, params: Params) -> Result:
    cluster, wanted = desk.cluster(params), params["tasks"]
    if not wanted:
        raise invalid("Tasks cannot be empty.")
    if len(wanted) > MOST_DESCRIBED:
        raise invalid(f"Tasks cannot have more than {MOST_DESCRIBED} elements.")
    with_tags = "TAGS" in params.get("include", ())
    found, failures = [], []
    for name in wanted:
        if task := find(desk.state, cluster, name):
            found.append(described(desk, task, with_tags=with_tags))
        else:
            arn = desk.world.arn("ecs", f"task/{cluster.name}/{short(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"tasks": found, "failures": failures}


def list_(desk: Desk, params: Params) -> Result:
    """By default what should be running; stopped ones for an hour; PENDING never finds any."""
    refuse_unmodelled("ListTasks", params, LIST)
    cluster = desk.cluster(params)
    if "startedBy" in params and any(one in params for one in FILTERS):
        raise invalid("startedBy cannot be combined with other filters.")
    if "serviceName" in params:
        desk.service(cluster, params["serviceName"])
    found = [
        task.arn
        for task in desk.state.tasks.values()
        if task.cluster == cluster.name and _matches(task, params)
    ]
    return page(found, params, "taskArns", MOST_DESCRIBED)


def find(state: State, cluster: Cluster, name: str) -> Task | None:
    """By id or ARN; one of another cluster is refused."""
    parts = name.rpartition(":")[2].split("/")
    if len(parts) == ARN_PARTS_WITH_CLUSTER and parts[1] != cluster.name:
        raise invalid(
            f"Invalid identifier: Identifier is for {parts[1]}. Your cluster is {cluster.name}"
        )
    task = state.tasks.get(parts[-1])
    return task if task and task.cluster == cluster.name else None


def described(desk: Desk, task: Task, *, with_tags: bool = True) -> Result:
    tags = desk.tags(task.arn) if with_tags else []
    return task_shape.describe(task) | {"tags": tags}


def _matches(task: Task, params: Params) -> bool:
    instance = params.get("containerInstance")
    return (
        task.desired_status == params.get("desiredStatus", "RUNNING")
        and params.get("launchType", "EC2") == "EC2"
        and params.get("startedBy", task.started_by) == task.started_by
        and ("family" not in params or revision(params["family"])[0] == task.definition.family)
        and (not instance or _on(task, short(instance)))
        and ("serviceName" not in params or _in_service(task, params["serviceName"]))
    )


def _on(task: Task, instance_id: str) -> bool:
    return task.placed_on is not None and task.placed_on.id == instance_id


def _in_service(task: Task, name: str) -> bool:
    return task.service is not None and task.service.name == short(name)


OPERATIONS = {"StopTask": stop, "DescribeTasks": describe, "ListTasks": list_}
