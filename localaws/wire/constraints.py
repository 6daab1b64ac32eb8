"""What a service model says of values beyond their types: lengths, ranges, patterns and choices,
refused in the words that services of AWS have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from localaws.wire.errors import AwsError


def check(shape: Shape | None, params: dict[str, Any]) -> None:
    """ValidationException, for all that is wrong at once."""
    broken = list(_broken(shape, params, "")) if shape else []
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise AwsError("ValidationException", count + "; ".join(broken))


def _broken(shape: Shape, value: Any, at: str) -> Iterator[str]:  # noqa: ANN401 (any parameter)
    match shape:
        case StructureShape():
            for name in (one for one in shape.members if one in value):
                yield from _broken(shape.members[name], value[name], _member(at, name))
        case ListShape():
            yield from (f"Value {_told(at, one)}" for one in _length(shape, value))
            for number, one in enumerate(value, start=1):
                yield from _broken(shape.member, one, f"{at}.{number}.member")
        case MapShape():
            for one in value.values():
                yield from _broken(shape.value, one, f"{at}.member")
        case StringShape():
            yield from (f"Value '{value}' {_told(at, one)}" for one in _text(shape, value))
        case _ if shape.type_name in ("integer", "long", "double", "float"):
            yield from (f"Value '{value}' {_told(at, one)}" for one in _range(shape, value))


def _text(shape: StringShape, value: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    yield from _length(shape, value)


def _length(shape: Shape, value: str | list[Any]) -> Iterator[str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if len(value) > most:
        yield f"Member must have length less than or equal to {most}"
    if len(value) < least:
        yield f"Member must have length greater than or equal to {least}"


def _range(shape: Shape, value: float) -> Iterator[str]:
    least, most = shape.metadata.get("min", value), shape.metadata.get("max", value)
    if value > most:
        yield f"Member must have value less than or equal to {most}"
    if value < least:
        yield f"Member must have value greater than or equal to {least}"


def _told(at: str, constraint: str) -> str:
    return f"at '{at}' failed to satisfy constraint: {constraint}"


def _member(at: str, name: str) -> str:
    """Its first letter is small, as in `targets.1.member.id`."""
    small = name[0].lower() + name[1:]
    return f"{at}.{small}" if at else small
