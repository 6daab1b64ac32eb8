"""What RunTask and StartTask refuse before anything is placed, in ECS's words. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from localaws.ecs.instances.placement import understood
from localaws.ecs.model import TaskDefinition
from localaws.ecs.refusals import client_error, invalid, refuse_unmodelled

Json = dict[str, Any]
MOST_RUN = 10
MOST_INSTANCES = 10
LONGEST_OVERRIDES = 8192
LONGEST_STARTED_BY = {"RunTask": 128, "StartTask": 36}
LONGEST_TOKEN = 64
MOST_CONSTRAINTS, MOST_STRATEGIES = 10, 5
STARTED_BY = re.compile(r"[A-Za-z0-9_/:.-]*")
MODELLED = {
    "RunTask": {
        "cluster",
        "taskDefinition",
        "count",
        "overrides",
        "startedBy",
        "group",
        "clientToken",
        "launchType",
        "capacityProviderStrategy",
        "placementConstraints",
        "placementStrategy",
        "tags",
        "propagateTags",
        "enableECSManagedTags",
    },
    "StartTask": {
        "cluster",
        "taskDefinition",
        "containerInstances",
        "overrides",
        "startedBy",
        "group",
        "tags",
        "propagateTags",
        "enableECSManagedTags",
    },
}
OVERRIDES = ("containerOverrides", "cpu", "memory", "executionRoleArn", "taskRoleArn")
CONTAINER_OVERRIDES = (
    "name",
    "command",
    "environment",
    "environmentFiles",
    "cpu",
    "memory",
    "memoryReservation",
)


def check(operation: str, params: Json, definition: TaskDefinition) -> None:
    """Of either operation; raises AwsError."""
    _check_for_instances(params)
    refuse_unmodelled(operation, _asked(params), MODELLED[operation])
    _check_launch_type(operation, params)
    _check_names(operation, params)
    _check_tags(params)
    _check_overrides(operation, params.get("overrides", {}), definition)
    if not definition.active:
        raise client_error("TaskDefinition is inactive")


def check_run(params: Json) -> None:
    """What only RunTask has."""
    if not 1 <= params.get("count", 1) <= MOST_RUN:
        raise invalid(f"Count must be between 1 and {MOST_RUN}.")
    if len(params.get("clientToken", "")) > LONGEST_TOKEN:
        raise invalid(f"clientToken must have at most {LONGEST_TOKEN} characters.")
    constraints = params.get("placementConstraints", ())
    if len(constraints) > MOST_CONSTRAINTS:
        raise invalid(f"At most {MOST_CONSTRAINTS} placement constraints may be specified.")
    if len(params.get("placementStrategy", ())) > MOST_STRATEGIES:
        raise invalid(f"At most {MOST_STRATEGIES} placement strategies may be specified.")
    for constraint in constraints:
        expression = constraint.get("expression", "")
        if constraint.get("type") == "memberOf" and not understood(expression):
            raise invalid(f"Invalid expression: {expression}")


def check_start(params: Json) -> None:
    """What only StartTask has."""
    if not params["containerInstances"]:
        raise invalid("Container instances cannot be empty.")
    if len(params["containerInstances"]) > MOST_INSTANCES:
        raise invalid(f"Container instances cannot have more than {MOST_INSTANCES} elements.")


def _check_for_instances(params: Json) -> None:
    """What has a meaning on Fargate only, or in network modes that nothing here can register."""
    if params.get("networkConfiguration"):
        raise invalid(
            "Network Configuration is not valid for the given networkMode of this task definition."
        )
    if params.get("platformVersion") and params.get("launchType") == "EC2":
        raise invalid("The platform version must be null when specifying an EC2 launch type.")


def _asked(params: Json) -> Json:
    """Without what was asked not to be."""
    return {key: value for key, value in params.items() if value not in (False, [], {}, "")}


def _check_launch_type(operation: str, params: Json) -> None:
    asked = params.get("launchType", "EC2")
    if asked == "FARGATE":
        raise invalid("Task definition does not support launch_type FARGATE.")
    refuse_unmodelled(operation, {f"launchType {asked}": 1}, ("launchType EC2",))


def _check_names(operation: str, params: Json) -> None:
    started_by, most = params.get("startedBy", ""), LONGEST_STARTED_BY[operation]
    if len(started_by) > most:
        raise invalid(f"startedBy must have at most {most} characters.")
    if not STARTED_BY.fullmatch(started_by):
        raise invalid("startedBy contains invalid characters.")
    if params.get("group", "").startswith("service:"):
        raise invalid("Invalid namespace for group.")


def _check_tags(params: Json) -> None:
    if params.get("propagateTags", "NONE") not in ("TASK_DEFINITION", "NONE"):
        raise invalid("propagateTags must be TASK_DEFINITION or NONE for a standalone task.")
    if any(one.get("key", "").startswith("aws:") for one in params.get("tags", ())):
        raise invalid("Tag keys with the prefix aws: are reserved.")


def _check_overrides(operation: str, overrides: Json, definition: TaskDefinition) -> None:
    refuse_unmodelled(operation, _asked(overrides), OVERRIDES)
    containers = overrides.get("containerOverrides", [])
    if len(json.dumps(containers, separators=(",", ":"))) > LONGEST_OVERRIDES:
        raise invalid(f"Container Overrides length must be at most {LONGEST_OVERRIDES}")
    known = {one["name"] for one in definition.containers}
    for one in containers:
        refuse_unmodelled(operation, _asked(one), CONTAINER_OVERRIDES)
        if one.get("name") not in known:
            raise invalid(
                f"Override for container named {one.get('name')} is not a container in the "
                "TaskDefinition."
            )
    _check_numbers(overrides, ("cpu", "memory"))
    for one in containers:
        _check_numbers(one, ("cpu", "memory", "memoryReservation"))


def _check_numbers(layer: Json, keys: Iterable[str]) -> None:
    for key in keys:
        written = str(layer.get(key, 0))
        if not written.isdigit():
            raise invalid(f"Invalid '{key}' setting for override: {written}")
