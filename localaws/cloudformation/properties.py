"""A resource type's properties: which there are, and what they must look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from localaws.cloudformation.intrinsics import function, text
from localaws.wire import AwsError

Spec = Any  # str, int, bool; {name: Spec} for an object; [Spec] for a list of them
Value = Any  # a template's JSON

TAGS: Spec = [{"Key": str, "Value": str}]

_NAMES = {str: "String", int: "Integer", bool: "Boolean"}


def problems(value: Value, spec: Spec, at: str = "#") -> Iterator[str]:
    """What is wrong before anything is resolved, in the words of AWS's schema validation."""
    called = function(value)
    if called == "Fn::If" and isinstance(value[called], list):
        for branch in value[called][1:]:
            yield from problems(branch, spec, at)
    elif called:
        return
    elif isinstance(spec, Mapping):
        yield from _object_problems(value, spec, at)
    elif isinstance(spec, list):
        if not isinstance(value, list):
            yield f"{at}: expected type: JSONArray, found: {_found(value)}"
            return
        for index, member in enumerate(value):
            yield from problems(member, spec[0], f"{at}/{index}")
    elif isinstance(value, dict | list):
        yield f"{at}: expected type: {_NAMES[spec]}, found: {_found(value)}"


def coerce(value: Value, spec: Spec, at: str = "#") -> Value:
    """A resolved value in its own type: CloudFormation takes "80" for 80; else AwsError."""
    if isinstance(spec, Mapping) and isinstance(value, dict):
        return {name: coerce(member, spec[name], f"{at}/{name}") for name, member in value.items()}
    if isinstance(spec, list) and isinstance(value, list):
        return [coerce(member, spec[0], f"{at}/{index}") for index, member in enumerate(value)]
    if spec in _NAMES and not isinstance(value, dict | list):
        return _scalar(value, spec, at)
    raise _mistyped(value, spec, at)


def _object_problems(value: Value, spec: Mapping[str, Spec], at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: expected type: JSONObject, found: {_found(value)}"
        return
    for name, member in value.items():
        if name in spec:
            yield from problems(member, spec[name], f"{at}/{name}")
        else:
            yield f"{at}: extraneous key [{name}] is not permitted"


def _scalar(value: Value, spec: Spec, at: str) -> str | int | bool:
    if spec is str:
        return text(value)
    try:
        return int(value) if spec is int else {"true": True, "false": False}[text(value).lower()]
    except (KeyError, ValueError) as error:
        raise _mistyped(value, spec, at) from error


def _mistyped(value: Value, spec: Spec, at: str) -> AwsError:
    if isinstance(spec, Mapping | list):
        expected = "JSONObject" if isinstance(spec, Mapping) else "JSONArray"
    else:
        expected = _NAMES[spec]
    sentence = f"Model validation failed ({at}: expected type: {expected}, found: {_found(value)})"
    return AwsError("ValidationError", sentence)


def _found(value: Value) -> str:
    if isinstance(value, dict):
        return "JSONObject"
    return "JSONArray" if isinstance(value, list) else _NAMES.get(type(value), "Null")
