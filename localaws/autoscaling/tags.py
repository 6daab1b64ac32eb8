"""Tags of groups, and groups found by their tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws import caller
from localaws.autoscaling import shape
from localaws.autoscaling.asking import group as find
from localaws.autoscaling.asking import invalid, page, refuse_unmodelled
from localaws.autoscaling.model import Group, Json, State, Tag

Params = dict[str, Any]
MOST = 50
_SYSTEM = "aws:"


def put(state: State, params: Params) -> Params:
    for given in params["Tags"]:
        group = find(state, _resource(given))
        group.tags |= read([given], group.name, _own(group.tags))
    return {}


def delete(state: State, params: Params) -> Params:
    for given in params["Tags"]:
        find(state, _resource(given)).tags.pop(given["Key"], None)
    return {}


def describe(state: State, params: Params) -> Params:
    filters = {one["Name"]: one.get("Values", []) for one in params.get("Filters", ())}
    members = {
        "auto-scaling-group": "ResourceId",
        "key": "Key",
        "value": "Value",
        "propagate-at-launch": "PropagateAtLaunch",
    }
    for name in filters.keys() - members.keys():
        raise invalid(f"Filter type {name} is not correct. Allowed Filter types are: {members}")
    shown = [
        shape.tag(group.name, key, tag)
        for group in state.groups.values()
        for key, tag in sorted(group.tags.items())
    ]
    found = [
        one
        for one in shown
        if all(_text(one[members[name]]) in values for name, values in filters.items())
    ]
    return page(found, params, "Tags", 100, 50)


def read(given: Iterable[Json], group: str, already: int = 0) -> dict[str, Tag]:
    made = dict[str, Tag]()
    for one in given:
        if one.get("ResourceId", group) != group:
            raise invalid(f"Tag's resource id {one['ResourceId']} is not the group {group}")
        if one["Key"].startswith(_SYSTEM) and not caller.is_aws():
            raise invalid("Tag keys starting with 'aws:' are reserved for system use")
        made[one["Key"]] = Tag(one.get("Value", ""), one.get("PropagateAtLaunch", False))
    if _own(made) + already > MOST:
        raise invalid(f"The number of tags for the group {group} exceeds {MOST}")
    return made


def _own(tags: Iterable[str]) -> int:
    """AWS's own do not count."""
    return sum(not key.startswith(_SYSTEM) for key in tags)


def match(group: Group, filters: Iterable[Json]) -> bool:
    return all(_matches(group, one["Name"], one.get("Values", [])) for one in filters)


def _matches(group: Group, name: str, values: list[str]) -> bool:
    if name == "tag-key":
        return any(key in values for key in group.tags)
    if name == "tag-value":
        return any(tag.value in values for tag in group.tags.values())
    if not name.startswith("tag:"):
        refuse_unmodelled("DescribeAutoScalingGroups", {f"Filter {name}": None}, ())
    tag = group.tags.get(name.removeprefix("tag:"))
    return tag is not None and tag.value in values


def _resource(given: Json) -> str:
    if given.get("ResourceType", "auto-scaling-group") != "auto-scaling-group":
        raise invalid(f"Invalid resource type: {given['ResourceType']}")
    return str(given.get("ResourceId", ""))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
