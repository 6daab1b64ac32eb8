"""Tasks run once: RunTask, which places them, and StartTask, which is told where."""

from __future__ import annotations

from collections import Counter

from localaws.ecs import messages
from localaws.ecs.capacity import choice, strategy
from localaws.ecs.desk import Desk, Params, Result
from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Cluster, Task, TaskDefinition
from localaws.ecs.names import short
from localaws.ecs.refusals import client_error, invalid
from localaws.ecs.tasks import run_checks
from localaws.ecs.tasks.requests import described
from localaws.wire import AwsError

NO_DEFINITION = "TaskDefinition not found."
TOO_MANY_WAIT = "Tasks provisioning capacity limit exceeded."
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
    started, refused = _started(desk, cluster, definition, params)
    if refused and not started:
        _check_any(refused, by_provider=bool(choice.chosen(cluster, params)))
    if params.get("clientToken") and started:
        desk.remember(*token, params, [task.id for task in started])
    reasons = refused.reasons if refused else {}
    return {
        "tasks": [described(desk, task) for task in started],
        "failures": [{"arn": arn, "reason": why} for arn, why in reasons.items()],
    }


def _started(
    desk: Desk, cluster: Cluster, definition: TaskDefinition, params: Params
) -> tuple[list[Task], Refused | None]:
    """By turns of the capacity providers, where there is a strategy."""
    items, counts, started = choice.chosen(cluster, params), Counter[str](), list[Task]()
    for _ in range(params.get("count", 1)):
        provider = strategy.next_provider(items, counts) if items else None
        task = desk.starting.one_off(cluster.name, definition, params, provider)
        if isinstance(task, Refused):
            return started, task
        counts[provider or ""] += 1
        started.append(task)
    return started, None


def _check_any(refused: Refused, *, by_provider: bool) -> None:
    """What is an error, not a failure that is told."""
    if refused.too_many_wait:
        raise client_error(TOO_MANY_WAIT)
    if not refused.reasons:
        where = messages.PROVIDER if by_provider else messages.CLUSTER
        raise invalid(f"No Container Instances were found in your {where}.")


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
            why = "INACTIVE" if desk.former_instance(cluster, name) else "MISSING"
            failures.append({"arn": _instance_arn(desk, cluster, name), "reason": why})
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
