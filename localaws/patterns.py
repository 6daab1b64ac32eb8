"""EventBridge's event patterns: exact values, prefixes, existence; nested as events are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.wire import AwsError

Pattern = Mapping[str, Any]


def check(text: str) -> None:
    """Refuses what is no pattern, and by name what is one but not modelled here."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise _invalid("not valid JSON") from error
    if not isinstance(pattern, dict):
        raise _invalid("Filter is not an object")
    if not pattern:
        raise _invalid("Empty event pattern")
    _check(pattern)


def matches(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    """Every field of the pattern must hold; fields it does not name may be anything."""
    return all(_field(wanted, name, event) for name, wanted in pattern.items())


def _check(pattern: Pattern) -> None:
    for name, wanted in pattern.items():
        if isinstance(wanted, dict):
            _check(wanted)
        elif isinstance(wanted, list) and wanted:
            for choice in wanted:
                _check_choice(choice)
        else:
            raise _invalid(f'"{name}" must be an object or a non-empty array')


def _check_choice(choice: object) -> None:
    match choice:
        case {"prefix": str(), **rest} | {"exists": bool(), **rest} if not rest:
            return
        case dict():
            raise _invalid(f"the local AWS knows prefix and exists, not {', '.join(choice)}")
        case list():
            raise _invalid("an array cannot hold an array")


def _field(wanted: Pattern | list[Any], name: str, event: Mapping[str, Any]) -> bool:
    if isinstance(wanted, Mapping):
        inner = event.get(name)
        return isinstance(inner, Mapping) and matches(wanted, inner)
    if name not in event:
        return {"exists": False} in wanted
    found = event[name]
    values = found if isinstance(found, list) else [found]
    return any(_choice(choice, value) for choice in wanted for value in values)


def _choice(choice: object, value: object) -> bool:
    match choice:
        case {"prefix": str(prefix)}:
            return isinstance(value, str) and value.startswith(prefix)
        case {"exists": exists}:
            return exists is True
    return type(choice) is type(value) and choice == value


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {why}")
