"""Attributes that users give container instances, and what attributes there are."""

from __future__ import annotations

import re
from typing import Any

from localaws.ecs.desk import Desk, Params, Result, invalid, page
from localaws.ecs.instances import shape
from localaws.ecs.instances.container_instances import of
from localaws.ecs.model import Cluster, Instance
from localaws.ecs.refusals import client_error
from localaws.wire import AwsError

MOST_OWN = 10  # of a resource
MOST_AT_ONCE = 10
TARGET = "container-instance"
_NAME = re.compile(r"[\w./\\-]{1,128}", re.ASCII)
_VALUE = re.compile(r"[\w.:/@\\ -]{1,128}", re.ASCII)
Json = dict[str, Any]


def put(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    wanted = [(_target(desk, cluster, one), one) for one in _some(params)]
    for instance, one in wanted:
        _check(instance, one)
    for instance, one in wanted:
        instance.attributes[one["name"]] = one.get("value")
        instance.own.add(one["name"])
    for instance in {it.arn: it for it, _ in wanted}.values():
        desk.fleet.changed(instance)
    return {"attributes": [_shown(it, one["name"]) for it, one in wanted]}


def delete(desk: Desk, params: Params) -> Result:
    cluster, deleted = desk.cluster(params), []
    for one in _some(params):
        instance, name = _target(desk, cluster, one), one["name"]
        if name in instance.own:
            deleted.append(_shown(instance, name))
            instance.own.discard(name)
            del instance.attributes[name]
            desk.fleet.changed(instance)
    return {"attributes": deleted}


def list_(desk: Desk, params: Params) -> Result:
    if params["targetType"] != TARGET:
        raise invalid(f"Unsupported target type: {params['targetType']}")
    name, value = params.get("attributeName"), params.get("attributeValue")
    if value is not None and name is None:
        raise invalid("An attribute value can only be given with an attribute name.")
    found = [
        _shown(instance, one)
        for instance in of(desk, desk.cluster(params))
        for one, its in sorted(instance.attributes.items())
        if name in (None, one) and value in (None, its)
    ]
    return page(found, params, "attributes", 100)


def _some(params: Params) -> list[Json]:
    given: list[Json] = params["attributes"]
    if not 1 <= len(given) <= MOST_AT_ONCE:
        raise invalid(f"Between 1 and {MOST_AT_ONCE} attributes are required.")
    return given


def _target(desk: Desk, cluster: Cluster, one: Json) -> Instance:
    """By ARN; by its short id where the type says what it is."""
    target = one.get("targetId", "")
    if one.get("targetType", TARGET) != TARGET:
        raise invalid(f"Unsupported target type: {one['targetType']}")
    if not target.startswith("arn:") and "targetType" not in one:
        raise invalid("The short form of a target ID needs a target type.")
    instance = desk.instance(cluster, target)
    if instance is None:
        sentence = f"The specified target wasn't found: {target}"
        raise AwsError("TargetNotFoundException", sentence)
    return instance


def _check(instance: Instance, one: Json) -> None:
    name, value = one["name"], one.get("value")
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid attribute name: {name}")
    if value is not None and (not _VALUE.fullmatch(value) or value != value.strip(" ")):
        raise invalid(f"Invalid attribute value: {value}")
    if name in instance.attributes and name not in instance.own:
        raise client_error(f"The attribute {name} is reserved and cannot be changed.")
    if name not in instance.own and len(instance.own) >= MOST_OWN:
        sentence = f"A resource can have up to {MOST_OWN} custom attributes."
        raise AwsError("AttributeLimitExceededException", sentence)


def _shown(instance: Instance, name: str) -> Json:
    shown = shape.attribute(name, instance.attributes[name])
    return shown | {"targetType": TARGET, "targetId": instance.arn}


OPERATIONS = {"PutAttributes": put, "DeleteAttributes": delete, "ListAttributes": list_}
