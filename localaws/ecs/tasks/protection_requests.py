"""UpdateTaskProtection and GetTaskProtection."""

from __future__ import annotations

from collections.abc import Callable

from localaws.ecs.desk import Desk, Params, Result
from localaws.ecs.model import Task
from localaws.ecs.names import short
from localaws.ecs.refusals import invalid
from localaws.ecs.tasks.protection import check_minutes, failure, protect, shape
from localaws.ecs.tasks.requests import find

MOST_UPDATED, MOST_SHOWN = 10, 100


def update(desk: Desk, params: Params) -> Result:
    check_minutes(params.get("expiresInMinutes"))
    now, minutes = desk.world.clock.now(), params.get("expiresInMinutes")

    def act(task: Task) -> None:
        protect(task, now, enabled=params["protectionEnabled"], minutes=minutes)
        desk.wake(task.service)

    return _each(desk, params, MOST_UPDATED, act, protects=params["protectionEnabled"])


def get(desk: Desk, params: Params) -> Result:
    return _each(desk, params, MOST_SHOWN, lambda _: None, protects=False)


def _each(
    desk: Desk, params: Params, most: int, act: Callable[[Task], None], *, protects: bool
) -> Result:
    cluster, names = desk.cluster(params), params.get("tasks", [])
    now = desk.world.clock.now()
    if not names:
        raise invalid("Tasks cannot be empty.")
    if len(names) > most:
        raise invalid(f"Tasks cannot have more than {most} elements.")
    shown, failures = list[Result](), list[Result]()
    for name in names:
        task = find(desk.state, cluster, name)
        if task is None:
            arn = desk.world.arn("ecs", f"task/{cluster.name}/{short(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
        elif reason := failure(task, now, protects=protects):
            failures.append({"arn": task.arn, "reason": reason})
        else:
            act(task)
            shown.append(shape(task, now))
    return {"protectedTasks": shown, "failures": failures}


OPERATIONS = {"UpdateTaskProtection": update, "GetTaskProtection": get}
