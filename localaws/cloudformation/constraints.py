"""What a call's parameters may be by AWS's own model: refused in the words of its front door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from localaws.wire import AwsError, models


def check(operation: str, params: dict[str, Any]) -> None:
    """All that is wrong is said at once."""
    shape = models.operation("cloudformation", operation).input_shape
    found = list(_structure(params, shape, "")) if shape else []
    if found:
        errors = "error" if len(found) == 1 else "errors"
        sentence = f"{len(found)} validation {errors} detected: {'; '.join(found)}"
        raise AwsError("ValidationError", sentence)


def _structure(value: dict[str, Any], shape: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    for name, member in value.items():
        lowered = name[0].lower() + name[1:]
        yield from _value(member, shape.members[name], f"{path}{lowered}")


def _value(value: Any, shape: Any, path: str) -> Iterator[str]:  # noqa: ANN401 (botocore's shapes)
    match shape.type_name:
        case "structure":
            yield from _structure(value, shape, f"{path}.")
        case "list":
            yield from _list(value, shape, path)
        case "string":
            said = "Value" if path in _UNSAID else f"Value '{value}'"
            for sentence in _text(value, shape):
                yield f"{said} at '{path}' failed to satisfy constraint: {sentence}"


def _list(value: list[Any], shape: Any, path: str) -> Iterator[str]:  # noqa: ANN401 (as above)
    if len(value) > shape.metadata.get("max", len(value)):
        sentence = f"Member must have length less than or equal to {shape.metadata['max']}"
        yield f"Value at '{path}' failed to satisfy constraint: {sentence}"
    if shape.member.type_name == "string":
        wrong = [sentence for one in value for sentence in _text(one, shape.member)]
        if wrong:
            said = f"Value '[{', '.join(value)}]' at '{path}'"
            sentence = f"Member must satisfy constraint: [{wrong[0]}]"
            yield f"{said} failed to satisfy constraint: {sentence}"
        return
    for number, one in enumerate(value, 1):
        yield from _value(one, shape.member, f"{path}.{number}.member")


def _text(value: str, shape: Any) -> Iterator[str]:  # noqa: ANN401 (as above)
    told = shape.metadata
    if told.get("enum") and value not in told["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(told['enum'])}]"
    if len(value) > told.get("max", len(value)):
        yield f"Member must have length less than or equal to {told['max']}"
    if len(value) < told.get("min", 0):
        yield f"Member must have length greater than or equal to {told['min']}"
    if told.get("pattern") and not re.fullmatch(told["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {told['pattern']}"


_UNSAID = {"templateBody", "templateURL"}
