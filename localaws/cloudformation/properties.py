"""A resource's properties held to its type's schema: before they are resolved, and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from localaws.cloudformation.intrinsics import function, text
from localaws.cloudformation.schema import Node, Schema
from localaws.wire import AwsError

Value = Any  # a template's JSON
Tree = dict[str, "Tree"]  # what is modelled; an empty one: all that is below

_NAMES = {"string": "String", "integer": "Integer", "number": "Number", "boolean": "Boolean"}
_FOUND = {str: "String", int: "Integer", float: "Number", bool: "Boolean"}
_BOUNDS: Mapping[str, Callable[[Any, float], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
    "minItems": lambda value, bound: len(value) >= bound,
    "maxItems": lambda value, bound: len(value) <= bound,
}


def problems(
    value: Value, schema: Schema, node: Node | None = None, at: str = "#"
) -> Iterator[str]:
    """What is wrong with it, in the words of AWS's schema validation; functions are passed by."""
    node = schema.resolved(schema.model if node is None else node)
    called = function(value)
    if called == "Fn::If" and isinstance(value[called], list):
        for branch in value[called][1:]:
            yield from problems(branch, schema, node, at)
    elif called or _is_free(node):
        return
    elif "properties" in node or "values" in node:
        yield from _object_problems(value, schema, node, at)
    elif "items" in node:
        yield from _list_problems(value, schema, node, at)
    elif isinstance(value, dict | list):
        yield f"{at}: expected type: {_NAMES[node['type']]}, found: {_found(value)}"
    else:
        yield from _scalar_problems(value, node, at)


def unmodelled(
    value: Value, schema: Schema, tree: Tree, node: Node | None = None, at: str = ""
) -> Iterator[str]:
    """Paths of what the schema has and the local AWS does not."""
    node = schema.resolved(schema.model if node is None else node)
    called = function(value)
    if called == "Fn::If" and isinstance(value[called], list):
        value = value[called][1:]
    elif called:
        return
    if isinstance(value, list):
        for member in value:
            yield from unmodelled(member, schema, tree, node.get("items", node), at)
    elif isinstance(value, dict) and tree:
        for name in value.keys() & schema.members(node).keys():
            if name not in tree:
                yield f"{at}{name}"
            elif tree[name]:
                inner = schema.members(node)[name]
                yield from unmodelled(value[name], schema, tree[name], inner, f"{at}{name}/")


def tree(paths: Iterable[str]) -> Tree:
    """Of paths such as `Actions/Type`."""
    found: Tree = {}
    for path in paths:
        branch = found
        for name in path.split("/"):
            branch = branch.setdefault(name, {})
    return found


def coerce(value: Value, schema: Schema, node: Node | None = None, at: str = "#") -> Value:
    """A resolved value in its own type: CloudFormation takes "80" for 80; else AwsError."""
    node = schema.resolved(schema.model if node is None else node)
    if _is_free(node):
        return value
    if ("properties" in node or "values" in node) and isinstance(value, dict):
        members, rest = schema.members(node), node.get("values", {})
        return {
            name: coerce(member, schema, members.get(name, rest), f"{at}/{name}")
            for name, member in value.items()
        }
    if "items" in node and isinstance(value, list):
        return [coerce(one, schema, node["items"], f"{at}/{i}") for i, one in enumerate(value)]
    if node.get("type") in _NAMES and not isinstance(value, dict | list):
        return _scalar(value, node["type"], at)
    raise _mistyped(value, node, at)


def check(value: Value, schema: Schema) -> None:
    """Of properties that are resolved and in their types; AwsError."""
    found = list(problems(value, schema))
    if found:
        raise AwsError("ValidationError", f"Model validation failed ({', '.join(found)})")


def _is_free(node: Node) -> bool:
    """JSON of any form."""
    inner = node.keys() & {"properties", "values", "items"}
    return not inner and str(node.get("type")) not in _NAMES


def _object_problems(value: Value, schema: Schema, node: Node, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: expected type: JSONObject, found: {_found(value)}"
        return
    members, rest = schema.members(node), node.get("values")
    given = schema.read_only if at == "#" else frozenset()  # by AWS, not by a template
    for name in sorted(set(node.get("required", ())) - value.keys()):
        yield f"{at}: required key [{name}] not found"
    for name, member in value.items():
        inner = members.get(name, rest)
        if inner is None or name in given:
            yield f"{at}: extraneous key [{name}] is not permitted"
        else:
            yield from problems(member, schema, inner, f"{at}/{name}")


def _list_problems(value: Value, schema: Schema, node: Node, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: expected type: JSONArray, found: {_found(value)}"
        return
    if not any(function(member) for member in value):  # which may come to nothing
        yield from _bound_problems(value, node, at)
    for index, member in enumerate(value):
        yield from problems(member, schema, node["items"], f"{at}/{index}")


def _scalar_problems(value: Value, node: Node, at: str) -> Iterator[str]:
    allowed = node.get("enum")
    if allowed and text(value) not in map(text, allowed):
        yield _constraint(at, "enum")
    elif node["type"] == "string":
        if not text(value).startswith("{{resolve:"):
            yield from _bound_problems(text(value), node, at)
    elif isinstance(value, int | float):
        yield from _bound_problems(value, node, at)


def _bound_problems(value: Value, node: Node, at: str) -> Iterator[str]:
    for keyword, holds in _BOUNDS.items():
        if keyword in node and not holds(value, node[keyword]):
            yield _constraint(at, keyword)


def _constraint(at: str, keyword: str) -> str:
    return f"{at}: failed validation constraint for keyword [{keyword}]"


def _scalar(value: Value, kind: str, at: str) -> str | int | float | bool:
    try:
        match kind:
            case "string":
                return text(value)
            case "integer":
                return int(text(value))
            case "number":
                number = float(text(value))
                return int(number) if number.is_integer() else number
            case _:
                return {"true": True, "false": False}[text(value).lower()]
    except (KeyError, ValueError) as error:
        raise _mistyped(value, {"type": kind}, at) from error


def _mistyped(value: Value, node: Node, at: str) -> AwsError:
    expected = "JSONArray" if "items" in node else _NAMES.get(node.get("type", ""), "JSONObject")
    sentence = f"Model validation failed ({at}: expected type: {expected}, found: {_found(value)})"
    return AwsError("ValidationError", sentence)


def _found(value: Value) -> str:
    if isinstance(value, dict):
        return "JSONObject"
    return "JSONArray" if isinstance(value, list) else _FOUND.get(type(value), "Null")
