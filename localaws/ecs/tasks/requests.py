"""Tasks: run, stopped, described, listed."""

from __future__ import annotations

from localaws.ecs import messages
from localaws.ecs.desk import Desk, Params, Result, invalid, page, refuse_unmodelled
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Cluster, State, Task
from localaws.ecs.names import revision, short
from localaws.ecs.tasks import shape as task_shape
from localaws.wire import AwsError

MOST_DESCRIBED = 100
MOST_RUN = 10
RUN = (
    "cluster",
    "taskDefinition",
    "count",
    "overrides",
    "startedBy",
    "group",
    "clientToken",
    "launchType",
    "placementConstraints",
    "placementStrategy",
    "tags",
    "propagateTags",
    "enableECSManagedTags",
)


def run(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    _check_run(desk, cluster, params)
    token = (f"RunTask {cluster.name}", params.get("clientToken", ""))
    if params.get("clientToken") and token in desk.state.tokens:
        return _again(desk, params, *desk.state.tokens[token])
    definition = desk.definition(params["taskDefinition"], "TaskDefinition not found.")
    if not definition.active:
        raise AwsError("ClientException", "TaskDefinition is inactive")
    started, failures = list[Task](), list[Params]()
    for _ in range(params.get("count", 1)):
        task = desk.starting.one_off(cluster.name, definition, params)
        if isinstance(task, Refused):
            failures = [{"arn": arn, "reason": why} for arn, why in task.reasons.items()]
            break
        started.append(task)
    if params.get("clientToken") and started:
        desk.remember(*token, params, [task.id for task in started])
    return {"tasks": [_describe(desk, task) for task in started], "failures": failures}


def _check_run(desk: Desk, cluster: Cluster, params: Params) -> None:
    refuse_unmodelled("RunTask", params, RUN)
    if params.get("launchType", "EC2") != "EC2":
        refuse_unmodelled("RunTask", {f"launchType {params['launchType']}": None}, ())
    if not 1 <= params.get("count", 1) <= MOST_RUN:
        raise invalid(f"Count must be between 1 and {MOST_RUN}.")
    if not any(one.cluster == cluster.name for one in desk.state.instances.values()):
        raise invalid("No Container Instances were found in your cluster.")
    definition = desk.definition(params["taskDefinition"], "TaskDefinition not found.")
    known = {one["name"] for one in definition.containers}
    for override in params.get("overrides", {}).get("containerOverrides", ()):
        if override.get("name") not in known:
            raise invalid(
                f"Override for container named {override.get('name')} is not a container in the "
                "TaskDefinition."
            )


def _again(desk: Desk, params: Params, asked: Params, task_ids: list[str]) -> Result:
    if asked != params:
        message = "The RunTask request has different parameters for this clientToken."
        raise AwsError("ConflictException", message)
    tasks = [desk.state.tasks[one] for one in task_ids if one in desk.state.tasks]
    return {"tasks": [_describe(desk, task) for task in tasks], "failures": []}


def stop(desk: Desk, params: Params) -> Result:
    """A service replaces it."""
    cluster = desk.cluster(params)
    task = find(desk.state, cluster, params["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    desk.lives.stop(task, "UserInitiated", params.get("reason") or messages.STOPPED_BY_USER)
    return {"task": _describe(desk, task)}


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
            found.append(_describe(desk, task, with_tags=with_tags))
        else:
            arn = desk.world.arn("ecs", f"task/{cluster.name}/{short(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"tasks": found, "failures": failures}


def list_(desk: Desk, params: Params) -> Result:
    """By default what should be running; stopped ones for an hour."""
    cluster = desk.cluster(params)
    if "serviceName" in params:
        desk.service(cluster, params["serviceName"])
    found = [
        task.arn
        for task in desk.state.tasks.values()
        if task.cluster == cluster.name and _matches(task, params)
    ]
    return page(found, params, "taskArns", MOST_DESCRIBED)


def _matches(task: Task, params: Params) -> bool:
    instance = params.get("containerInstance")
    return (
        task.desired_status == params.get("desiredStatus", "RUNNING")
        and params.get("launchType", "EC2") == "EC2"
        and params.get("startedBy", task.started_by) == task.started_by
        and ("family" not in params or revision(params["family"])[0] == task.definition.family)
        and (not instance or short(instance) == task.instance.id)
        and ("serviceName" not in params or _in_service(task, params["serviceName"]))
    )


def _in_service(task: Task, name: str) -> bool:
    return task.service is not None and task.service.name == short(name)


def find(state: State, cluster: Cluster, name: str) -> Task | None:
    task = state.tasks.get(short(name))
    return task if task and task.cluster == cluster.name else None


def _describe(desk: Desk, task: Task, *, with_tags: bool = True) -> Result:
    tags = desk.tags(task.arn) if with_tags else []
    return task_shape.describe(task) | {"tags": tags}


OPERATIONS = {"RunTask": run, "StopTask": stop, "DescribeTasks": describe, "ListTasks": list_}
