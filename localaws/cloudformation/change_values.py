"""What the properties of a change were and will be: told to those who ask for property values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Shown = dict[str, Any]

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
_CONTEXTS = ("BeforeContext", "AfterContext")
_OF_TARGETS = ("Path", "BeforeValue", "AfterValue", "AttributeChangeType")


def of(name: str, before: object, after: object) -> Shown:
    """Of one property, with its name; None is not there, nor is an empty list."""
    before, after = (None if one in ([], {}) else one for one in (before, after))
    kind = "Add" if before is None else "Remove" if after is None else "Modify"
    told = {"BeforeValue": before, "AfterValue": after}
    values = {key: _text(value) for key, value in told.items() if value is not None}
    return {"Path": f"/Properties/{name}", **values, "AttributeChangeType": kind}


def contexts(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Shown:
    """Of a whole resource; None is not there."""
    both = zip(_CONTEXTS, (before, after), strict=True)
    return {key: _context(properties) for key, properties in both if properties is not None}


def without(change: Shown) -> Shown:
    """As those are shown it who did not ask."""
    shown = _less(change["ResourceChange"], _CONTEXTS)
    details = [one | {"Target": _less(one["Target"], _OF_TARGETS)} for one in shown["Details"]]
    return change | {"ResourceChange": shown | {"Details": details}}


def _context(properties: Mapping[str, Any]) -> str:
    return json.dumps({"Properties": {k: v for k, v in properties.items() if v not in ([], {})}})


def _less(shown: Shown, names: tuple[str, ...]) -> Shown:
    return {name: value for name, value in shown.items() if name not in names}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
