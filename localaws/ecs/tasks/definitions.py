"""Task definitions: registered in numbered revisions, never changed, at most deregistered."""

from __future__ import annotations

import json
import re
from typing import Any

from localaws.ecs.desk import Desk, Params, Result, invalid, page, refuse_unmodelled
from localaws.ecs.instances.placement import understood
from localaws.ecs.model import TaskDefinition
from localaws.wire import AwsError

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
LARGEST = 65_536  # bytes
UNKNOWN = "Unable to describe task definition."
MODELLED = {
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "tags",
    "runtimePlatform",
}
NOT_EMPTY = ("volumes", "mountPoints", "volumesFrom", "systemControls")  # these are refused
MODELLED_IN_CONTAINERS = {
    "name",
    "image",
    "cpu",
    "memory",
    "memoryReservation",
    "portMappings",
    "essential",
    "entryPoint",
    "command",
    "environment",
    "secrets",
    "stopTimeout",
    "workingDirectory",
    "logConfiguration",
    "dockerLabels",
    "hostname",
    "user",
    "ulimits",
    "readonlyRootFilesystem",
    "versionConsistency",
}
DEFAULTS: dict[str, Any] = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}


def register(desk: Desk, params: Params) -> Result:
    refuse_unmodelled("RegisterTaskDefinition", _without_empty(params), MODELLED)
    _check(params)
    family = params["family"]
    revisions = desk.state.definitions.setdefault(family, [])
    revision = revisions[-1].revision + 1 if revisions else 1
    body = {key: value for key, value in params.items() if key != "tags"}
    body["containerDefinitions"] = [_complete(one) for one in params["containerDefinitions"]]
    definition = TaskDefinition(
        arn=desk.world.arn("ecs", f"task-definition/{family}:{revision}"),
        family=family,
        revision=revision,
        body={"networkMode": "bridge", "volumes": [], "placementConstraints": []} | body,
        registered_at=desk.world.clock.now(),
    )
    revisions.append(definition)
    desk.tag(definition.arn, params.get("tags", ()))
    return {"taskDefinition": shape(definition), "tags": desk.tags(definition.arn)}


def describe(desk: Desk, params: Params) -> Result:
    definition = desk.definition(params["taskDefinition"], UNKNOWN)
    tags = desk.tags(definition.arn) if "TAGS" in params.get("include", ()) else []
    return {"taskDefinition": shape(definition), "tags": tags}


def deregister(desk: Desk, params: Params) -> Result:
    """What runs it, runs on; new services and tasks are refused."""
    if ":" not in params["taskDefinition"].rpartition("/")[2]:
        raise invalid("Task definition revision must be specified")
    definition = desk.definition(params["taskDefinition"], "Unable to find task definition.")
    if not definition.active:
        raise AwsError("ClientException", "The specified task definition is inactive.")
    definition.deregistered_at = desk.world.clock.now()
    return {"taskDefinition": shape(definition)}


def list_(desk: Desk, params: Params) -> Result:
    wanted = params.get("status", "ACTIVE") == "ACTIVE"
    family = params.get("familyPrefix")
    found = [
        one.arn
        for name, revisions in sorted(desk.state.definitions.items())
        for one in revisions
        if one.active is wanted and family in (None, name)
    ]
    if params.get("sort") == "DESC":
        found.reverse()
    return page(found, params, "taskDefinitionArns", 100)


def families(desk: Desk, params: Params) -> Result:
    """ACTIVE families have an active revision, INACTIVE ones have none."""
    status, prefix = params.get("status", "ALL"), params.get("familyPrefix", "")
    found = [
        family
        for family, revisions in sorted(desk.state.definitions.items())
        if family.startswith(prefix)
        and (status == "ALL" or any(one.active for one in revisions) is (status == "ACTIVE"))
    ]
    return page(found, params, "families", 100)


def shape(definition: TaskDefinition) -> Result:
    dates = {"deregisteredAt": definition.deregistered_at} if not definition.active else {}
    return (
        definition.body
        | dates
        | {
            "taskDefinitionArn": definition.arn,
            "revision": definition.revision,
            "status": "ACTIVE" if definition.active else "INACTIVE",
            "compatibilities": ["EC2"],
            "requiresAttributes": [],
            "registeredAt": definition.registered_at,
        }
    )


def _complete(container: Params) -> Params:
    return DEFAULTS | container | {"portMappings": _mappings(container)}


def _mappings(container: Params) -> list[Params]:
    defaults = {"hostPort": 0, "protocol": "tcp"}
    return [defaults | mapping for mapping in container.get("portMappings", ())]


def _without_empty(params: Params) -> Params:
    return {key: value for key, value in params.items() if value or key not in NOT_EMPTY}


def _check(params: Params) -> None:
    if not NAME.fullmatch(params["family"]):
        raise AwsError("ClientException", "Family contains invalid characters.")
    containers = params["containerDefinitions"]
    if not containers:
        raise AwsError("ClientException", "Container list cannot be empty.")
    if len(json.dumps(params)) > LARGEST:
        raise AwsError("ClientException", "Actual length: greater than 65536. Max allowed: 65536.")
    if params.get("networkMode", "bridge") not in ("bridge", "host"):
        raise invalid("Only the network modes bridge and host are modelled by the local AWS")
    if "FARGATE" in params.get("requiresCompatibilities", ()):
        raise invalid("Only the compatibility EC2 is modelled by the local AWS")
    for constraint in params.get("placementConstraints", ()):
        if not understood(constraint.get("expression", "")):
            raise invalid(f"The local AWS does not model: {constraint.get('expression')}")
    for container in containers:
        _check_container(container, has_task_memory="memory" in params)
    _check_together(containers)


def _check_container(container: Params, *, has_task_memory: bool) -> None:
    modelled = MODELLED_IN_CONTAINERS
    refuse_unmodelled("RegisterTaskDefinition", _without_empty(container), modelled)
    name = container.get("name")
    if not name:
        raise AwsError("ClientException", "Container.name should not be null or empty.")
    if not NAME.fullmatch(name):
        raise AwsError("ClientException", "Container.name contains invalid characters.")
    if not container.get("image"):
        raise AwsError("ClientException", "Container.image should not be null or empty.")
    limits = [container[key] for key in ("memory", "memoryReservation") if key in container]
    if not limits and not has_task_memory:
        raise AwsError(
            "ClientException",
            f"Invalid setting for container '{name}'. At least one of 'memory' or "
            "'memoryReservation' must be specified.",
        )
    if any(limit < 6 for limit in limits):
        raise AwsError(
            "ClientException",
            f"Invalid setting for container '{name}'. Memory must be at least 6 MiB.",
        )


def _check_together(containers: list[Params]) -> None:
    names = [one["name"] for one in containers]
    if len(set(names)) < len(names):
        raise AwsError("ClientException", "Container names should be unique in a task definition.")
    if not any(one.get("essential", True) for one in containers):
        raise AwsError("ClientException", "At least one container must be essential.")


OPERATIONS = {
    "RegisterTaskDefinition": register,
    "DescribeTaskDefinition": describe,
    "DeregisterTaskDefinition": deregister,
    "ListTaskDefinitions": list_,
    "ListTaskDefinitionFamilies": families,
}
