"""Task definitions: registered in numbered revisions, never changed, deregistered, deleted."""

from __future__ import annotations

from typing import Any

from localaws.ecs import names
from localaws.ecs.desk import Desk, Params, Result, page
from localaws.ecs.model import State, TaskDefinition
from localaws.ecs.refusals import client_error, invalid
from localaws.ecs.tasks import definition_checks, requirements, sizes

UNKNOWN = "Unable to describe task definition."
MOST_DELETED = 10
DEFAULTS: dict[str, Any] = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}
HEALTH_CHECK_DEFAULTS = {"interval": 30, "timeout": 5, "retries": 3}


def register(desk: Desk, params: Params) -> Result:
    definition_checks.check(params)
    family = params["family"]
    revision = desk.state.last_revisions.get(family, 0) + 1
    definition = TaskDefinition(
        arn=desk.world.arn("ecs", f"task-definition/{family}:{revision}"),
        family=family,
        revision=revision,
        body=_body(params),
        registered_at=desk.world.clock.now(),
    )
    desk.state.last_revisions[family] = revision
    desk.state.definitions.setdefault(family, []).append(definition)
    desk.tag(definition.arn, params.get("tags", ()))
    return {"taskDefinition": shape(definition), "tags": desk.tags(definition.arn)}


def describe(desk: Desk, params: Params) -> Result:
    _forget_deleted(desk.state)
    definition = desk.definition(params["taskDefinition"], UNKNOWN)
    tags = desk.tags(definition.arn) if "TAGS" in params.get("include", ()) else []
    return {"taskDefinition": shape(definition), "tags": tags}


def deregister(desk: Desk, params: Params) -> Result:
    """What runs it, runs on; new services and tasks are refused."""
    if names.revision(params["taskDefinition"])[1] is None:
        raise client_error("Task definition revision must be specified")
    definition = desk.definition(params["taskDefinition"], "Unable to find task definition.")
    if not definition.active:
        raise client_error("The specified task definition is inactive.")
    definition.deregistered_at = desk.world.clock.now()
    return {"taskDefinition": shape(definition)}


def delete(desk: Desk, params: Params) -> Result:
    """They are DELETE_IN_PROGRESS until nothing uses them any more."""
    asked = params["taskDefinitions"]
    if not 1 <= len(asked) <= MOST_DELETED:
        raise invalid(f"You can specify between 1 and {MOST_DELETED} task definitions.")
    deleted, failures = list[TaskDefinition](), list[Result]()
    for name in asked:
        definition, failure = _deletable(desk, name)
        if definition:
            definition.deleted_at = definition.deleted_at or desk.world.clock.now()
            deleted.append(definition)
        else:
            failures.append(failure)
    shapes = [shape(one) for one in deleted]
    _forget_deleted(desk.state)
    return {"taskDefinitions": shapes, "failures": failures}


def list_(desk: Desk, params: Params) -> Result:
    """By family, then revision; `familyPrefix` is a whole family's name all the same."""
    _forget_deleted(desk.state)
    wanted, family = params.get("status", "ACTIVE"), params.get("familyPrefix")
    found = [
        one.arn
        for name, revisions in sorted(desk.state.definitions.items())
        for one in revisions
        if one.status == wanted and family in (None, name)
    ]
    if params.get("sort") == "DESC":
        found.reverse()
    return page(found, params, "taskDefinitionArns", 100)


def families(desk: Desk, params: Params) -> Result:
    """ACTIVE families have an active revision, INACTIVE ones have none."""
    _forget_deleted(desk.state)
    status, prefix = params.get("status", "ALL"), params.get("familyPrefix", "")
    found = [
        family
        for family, revisions in sorted(desk.state.definitions.items())
        if family.startswith(prefix)
        and (status == "ALL" or any(one.active for one in revisions) is (status == "ACTIVE"))
    ]
    return page(found, params, "families", 100)


def shape(definition: TaskDefinition) -> Result:
    dates = {
        "deregisteredAt": definition.deregistered_at,
        "deleteRequestedAt": definition.deleted_at,
    }
    return (
        definition.body
        | {key: date for key, date in dates.items() if date}
        | {
            "taskDefinitionArn": definition.arn,
            "revision": definition.revision,
            "status": definition.status,
            "compatibilities": ["EXTERNAL", "EC2"],
            "requiresAttributes": requirements.attributes(definition.body),
            "registeredAt": definition.registered_at,
        }
    )


def _body(params: Params) -> Params:
    """As it is kept and shown: the defaults filled in, sizes in plain numbers."""
    body = {key: value for key, value in params.items() if key != "tags"}
    mode = params.get("networkMode", "bridge")
    body["containerDefinitions"] = [_complete(one, mode) for one in params["containerDefinitions"]]
    for key, read in (("cpu", sizes.cpu), ("memory", sizes.memory)):
        if key in params:
            body[key] = str(read(params[key]))
    return {"networkMode": mode, "volumes": [], "placementConstraints": []} | body


def _complete(container: Params, network_mode: str) -> Params:
    whole = DEFAULTS | container | {"portMappings": _mappings(container, network_mode)}
    if container.get("healthCheck"):
        whole["healthCheck"] = HEALTH_CHECK_DEFAULTS | container["healthCheck"]
    return whole


def _mappings(container: Params, network_mode: str) -> list[Params]:
    return [
        {
            "hostPort": mapping["containerPort"] if network_mode == "host" else 0,
            "protocol": "tcp",
        }
        | mapping
        for mapping in container.get("portMappings", ())
    ]


def _deletable(desk: Desk, name: str) -> tuple[TaskDefinition | None, Result]:
    family, revision = names.revision(name)
    arn = desk.world.arn("ecs", f"task-definition/{family}:{revision}")
    for one in desk.state.definitions.get(family, ()):
        if one.revision != revision:
            continue
        if not one.active:
            return one, {}
        reason = (
            "The specified task definition is still in ACTIVE status. Please deregister the "
            "target and try again."
        )
        return None, {"arn": one.arn, "reason": reason}
    return None, {"arn": arn, "reason": "The specified task definition could not be found."}


def _forget_deleted(state: State) -> None:
    """Deleted ones go once no task or service uses them; their numbers are not used again."""
    deleted = {
        one.arn for revisions in state.definitions.values() for one in revisions if one.deleted_at
    }
    if not deleted:
        return
    used = {one.definition.arn for one in state.tasks.values() if not one.over}
    for service in state.services.values():
        used |= {one.task_definition for one in service.deployments}
    for family, revisions in list(state.definitions.items()):
        kept = [one for one in revisions if one.arn not in deleted or one.arn in used]
        for gone in (one for one in revisions if one not in kept):
            state.tags.pop(gone.arn, None)
        if kept:
            state.definitions[family] = kept
        else:
            del state.definitions[family]


OPERATIONS = {
    "RegisterTaskDefinition": register,
    "DescribeTaskDefinition": describe,
    "DeregisterTaskDefinition": deregister,
    "DeleteTaskDefinitions": delete,
    "ListTaskDefinitions": list_,
    "ListTaskDefinitionFamilies": families,
}
