"""What a service model says of values beyond their types: lengths, ranges, patterns and choices,
refused in the words that services of AWS have in common."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from localaws.wire import models
from localaws.wire.errors import AwsError

_HALVES, _WHOLE = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
Json = dict[str, Any]
Operation = Callable[[Json], Json | Awaitable[Json]]


def checked(service: str, operations: Mapping[str, Operation]) -> dict[str, Operation]:
    """The same operations, which refuse what the model of the service does not allow."""
    return {name: _checked(service, name, it) for name, it in operations.items()}


def _checked(service: str, name: str, operation: Operation) -> Operation:
    def checked(params: Json) -> Json | Awaitable[Json]:
        check(models.operation(service, name).input_shape, params)
        return operation(params)

    return checked


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
    read = pattern_of(pattern) if pattern else None
    if read and not read.fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    yield from _length(shape, value)


@cache
def pattern_of(written: str) -> re.Pattern[str] | None:
    """As Java writes them: what is beyond 16 bits as two halves. None for what only Java has."""
    try:
        return re.compile(written.replace(_HALVES, _WHOLE))
    except re.error:
        return None


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
