"""Event patterns: compiled from text, refused in AWS's words, held against events.

As in AWS's own engine, aws/event-ruler: fields of one object must hold in one and the same element
of an array, and a field's absence is that of its whole path from every part of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from localaws.events import choices
from localaws.events.texts import Holds
from localaws.events.tokens import Malformed, Tokens
from localaws.wire import AwsError

OR = "$or"
Path = tuple[str, ...]


@dataclass
class Pattern:
    """All fields hold, and of each `$or` one of its patterns."""

    path: Path = ()
    fields: dict[str, tuple[Holds, ...] | Pattern] = field(default_factory=dict)
    either: list[list[Pattern]] = field(default_factory=list)


@lru_cache(1024)
def compiled(text: str) -> Pattern:
    """InvalidEventPatternException with AWS's reason for what is none."""
    try:
        return _document(Tokens(text))
    except Malformed as refused:
        raise _invalid(str(refused)) from refused
    except (ValueError, RecursionError) as error:
        raise _invalid(f"not valid JSON: {error}") from error


def matches(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    """Fields that the pattern does not name may be anything."""
    return _object(pattern, event, event)


def _document(tokens: Tokens) -> Pattern:
    if tokens.take().kind != "{":
        raise tokens.refuse("Filter is not an object")
    return _pattern(tokens, ())


def _pattern(tokens: Tokens, path: Path, *, within_or: bool = False) -> Pattern:
    made = Pattern(path)
    while (name := tokens.take()).kind != "}":
        if name.value == OR:
            made.either.append(_either(tokens, path))
            continue
        if within_or and name.value in choices.EXPRESSIONS:
            sentence = f"{name.value} is Ruler reserved fieldName which cannot be used inside {OR}."
            raise tokens.refuse(sentence)
        match tokens.take().kind:
            case "{":
                deeper = (*path, name.value)
                made.fields[name.value] = _pattern(tokens, deeper, within_or=within_or)
            case "[":
                made.fields[name.value] = tuple(_choices(tokens))
            case _:
                raise tokens.refuse(f'"{name.value}" must be an object or an array')
    if not made.fields and not made.either:
        raise tokens.refuse("Empty objects are not allowed")
    return made


def _either(tokens: Tokens, path: Path) -> list[Pattern]:
    if tokens.take().kind != "[":
        raise tokens.refuse(f"It must be an Array followed with {OR}.")
    made = []
    while (token := tokens.take()).kind != "]":
        if token.kind != "{":
            raise tokens.refuse(f"Only JSON object is allowed in array of {OR} relationship.")
        made.append(_pattern(tokens, path, within_or=True))
    if len(made) < 2:
        raise tokens.refuse(f"There must have at least 2 Objects in {OR} relationship.")
    return made


def _choices(tokens: Tokens) -> Iterator[Holds]:
    token = tokens.take()
    if token.kind == "]":
        raise tokens.refuse("Empty arrays are not allowed")
    while token.kind != "]":
        if token.kind == "{":
            yield choices.read(tokens)
        elif token.kind in ("text", "number", "word"):
            yield choices.exactly(token.value)
        else:
            raise tokens.refuse("Match value must be String, number, true, false, or null")
        token = tokens.take()


def _object(pattern: Pattern, found: object, event: Mapping[str, Any]) -> bool:
    """`found` may be an array of objects, of which one must match; or nothing at all."""
    if isinstance(found, list):
        return any(_object(pattern, one, event) for one in found)
    inside = found if isinstance(found, Mapping) else {}
    for name, wanted in pattern.fields.items():
        if isinstance(wanted, Pattern):
            if not _object(wanted, inside.get(name), event):
                return False
        elif not _leaf(wanted, (*pattern.path, name), inside, event):
            return False
    return all(any(_object(one, found, event) for one in several) for several in pattern.either)


def _leaf(
    wanted: tuple[Holds, ...], path: Path, inside: Mapping[str, Any], event: Mapping[str, Any]
) -> bool:
    if any(holds(value) for value in _values(inside, path[-1]) for holds in wanted):
        return True
    return choices.absent in wanted and not any(True for _ in _everywhere(event, path))


def _values(inside: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Only leaves: an object at that name is none."""
    if name in inside:
        yield from _leaves(inside[name])


def _leaves(found: object) -> Iterator[Any]:
    if isinstance(found, list):
        for one in found:
            yield from _leaves(one)
    elif not isinstance(found, Mapping):
        yield found


def _everywhere(found: object, path: Path) -> Iterator[Any]:
    """Every leaf at a path, through all arrays on the way."""
    if isinstance(found, list):
        for one in found:
            yield from _everywhere(one, path)
    elif not path:
        yield from _leaves(found)
    elif isinstance(found, Mapping) and path[0] in found:
        yield from _everywhere(found[path[0]], path[1:])


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {why}")
