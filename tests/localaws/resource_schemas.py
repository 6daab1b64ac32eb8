"""Facts of the resource types' public schemas, as cfn-lint carries them, less their prose.

`localaws/cloudformation/schemas/` is written from here (`make schemas`), a file for each type
that the local CloudFormation knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

Node = Mapping[str, Any]

REGION = "us-east-1"

_CONSTRAINTS = ("type", "required", "enum", "minimum", "maximum")
_CONSTRAINTS += ("minLength", "maxLength", "minItems", "maxItems")


def text(type_name: str) -> str:
    """The file of a type."""
    lines = [f'"{name}": {_lines(fact)}' for name, fact in facts(type_name).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def facts(type_name: str) -> dict[str, Any]:
    found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name)
    schema, tagging = found.schema, found.schema.get("tagging", {})
    used = sorted(_used(schema, schema.get("definitions", {}), set()))
    return {
        "type": type_name,
        "identifier": _paths(schema, "primaryIdentifier"),
        "createOnly": sorted(_paths(schema, "createOnlyProperties")),
        "conditionalCreateOnly": sorted(_paths(schema, "conditionalCreateOnlyProperties")),
        "readOnly": sorted(_paths(schema, "readOnlyProperties")),
        "attributes": sorted(found.get_atts),
        "tags": _path(tagging.get("tagProperty", "")) if tagging.get("taggable") else "",
        "systemTags": bool(tagging.get("cloudFormationSystemTags")),
        "replacement": schema.get("replacementStrategy", "create_then_delete"),
        "required": schema.get("required", []),
        "properties": {name: _node(one) for name, one in schema["properties"].items()},
        "definitions": {name: _node(schema["definitions"][name]) for name in used},
    }


def _lines(fact: object) -> str:
    """A line for each property and definition."""
    if not isinstance(fact, dict) or not fact:
        return json.dumps(fact)
    return "{\n" + ",\n".join(f' "{k}": {json.dumps(v)}' for k, v in fact.items()) + "\n}"


def _node(schema: Node) -> dict[str, Any]:
    """A property: what it must be, and what is in it."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"].rpartition("/")[2]}
    found = {name: schema[name] for name in _CONSTRAINTS if name in schema}
    if "properties" in schema:
        found["properties"] = {name: _node(one) for name, one in schema["properties"].items()}
    if "items" in schema:
        found["items"] = _node(schema["items"])
    if "patternProperties" in schema:
        found["values"] = _node(next(iter(schema["patternProperties"].values())))
    return found


def _used(part: object, definitions: Mapping[str, Node], seen: set[str]) -> set[str]:
    """The names of the definitions that the properties lead to."""
    for name in _references(part):
        if name not in seen:
            seen.add(name)
            _used(definitions[name], definitions, seen)
    return seen


def _references(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for name, member in part.items():
            if name not in ("definitions", "handlers"):
                yield from _references(member)
    elif isinstance(part, list):
        for member in part:
            yield from _references(member)


def _paths(schema: Node, name: str) -> list[str]:
    return [_path(one) for one in schema.get(name) or ()]


def _path(pointer: str) -> str:
    """`A/B` of `/properties/A/B`; a list's members are `*`."""
    return pointer.removeprefix("/properties/")
