"""Tasks run once: RunTask, which places them, and StartTask, which is told where."""

from __future__ import annotations

from localaws.ecs.desk import Desk, Params, Result
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Cluster, Task
from localaws.ecs.names import short
from localaws.ecs.refusals import invalid
from localaws.ecs.tasks import run_checks
from localaws.ecs.tasks.requests import described
from localaws.wire import AwsError

NO_DEFINITION = "TaskDefinition not found."
CONFLICT = (
    "The RunTask request could not be processed due to conflicts. The provided clientToken is "
    "already in use with a different RunTask request."
)


def run(desk: Desk, params: Params) -> Result:
    """As many as fit; why the rest do not is told by instance."""
    cluster = desk.cluster(params)
    token = (f"RunTask {cluster.name}", params.get("clientToken", ""))
    if params.get("clientToken") and token in desk.state.tokens:
        return _again(desk, params, *desk.state.tokens[token])
    definition = desk.definition(params["taskDefinition"], NO_DEFINITION)
    run_checks.check("RunTask", params, definition)
    run_checks.check_run(params)
    if not any(one.cluster == cluster.name for one in desk.state.instances.values()):
        raise invalid("No Container Instances were found in your cluster.")
    started, failures = list[Task](), list[Params]()
    for _ in range(params.get("count", 1)):
        task = desk.starting.one_off(cluster.name, definition, params)
        if isinstance(task, Refused):
            failures = [{"arn": arn, "reason": why} for arn, why in task.reasons.items()]
            break
        started.append(task)
    if params.get("clientToken") and started:
        desk.remember(*token, params, [task.id for task in started])
    return {"tasks": [described(desk, task) for task in started], "failures": failures}


def start(desk: Desk, params: Params) -> Result:
    """One on each instance named, where it fits; strategies and constraints have no say."""
    cluster = desk.cluster(params)
    definition = desk.definition(params["taskDefinition"], NO_DEFINITION)
    run_checks.check("StartTask", params, definition)
    run_checks.check_start(params)
    started, failures = list[Task](), list[Params]()
    for name in params["containerInstances"]:
        instance = desk.instance(cluster, name)
        if instance is None:
            failures.append({"arn": _instance_arn(desk, cluster, name), "reason": "MISSING"})
            continue
        task = desk.starting.onto(instance, definition, params)
        if isinstance(task, Refused):
            failures.append({"arn": instance.arn, "reason": task.reasons[instance.arn]})
        else:
            started.append(task)
    return {"tasks": [described(desk, task) for task in started], "failures": failures}


def _instance_arn(desk: Desk, cluster: Cluster, name: str) -> str:
    return desk.world.arn("ecs", f"container-instance/{cluster.name}/{short(name)}")


def _again(desk: Desk, params: Params, asked: Params, task_ids: list[str]) -> Result:
    if asked != params:
        raise AwsError("ConflictException", CONFLICT)
    tasks = [desk.state.tasks[one] for one in task_ids if one in desk.state.tasks]
    return {"tasks": [described(desk, task) for task in tasks], "failures": []}


OPERATIONS = {"RunTask": run, "StartTask": start}
