"""What somebody asks to go wrong: read, checked, or refused in a sentence that says what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import NoneType
from typing import Any

from localaws.faults.fault import Kind
from localaws.faults.kinds import KINDS

_KNOWN = ("kind", "id", "match", "params", "at", "for", "probability", "times")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_WORDS = {bool: "true or false", float: "a number", int: "a whole number", str: "a text"}
_WORDS |= {dict: "an object", list: "a list"}


class Unusable(Exception):
    """The text says what is wrong, and what is allowed."""


@dataclass(frozen=True)
class Asked:
    kind: Kind
    id: str = ""  # empty: any
    match: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    at: timedelta = timedelta()  # from when it is told
    lasting: timedelta | None = None
    probability: float = 1.0
    times: int | None = None


def read_all(document: object) -> list[Asked]:
    """Of `{"faults": [...]}`; raises Unusable."""
    if not isinstance(document, dict) or document.keys() != {"faults"}:
        raise Unusable('The document is {"faults": [...]}.')
    if not isinstance(document["faults"], list):
        raise Unusable("faults is a list.")
    found = [read(one) for one in document["faults"]]
    named = [one.id for one in found if one.id]
    for name in named:
        if named.count(name) > 1:
            raise Unusable(f"Two faults have the id {name}; give each its own, or none.")
    return found


def read(one: object) -> Asked:
    """Raises Unusable."""
    if not isinstance(one, dict):
        raise Unusable(f"A fault is an object with {', '.join(_KNOWN)}; only kind is needed.")
    _only("A fault", one, _KNOWN)
    if one.get("kind") not in list(KINDS):
        raise Unusable(f"kind is one of {', '.join(KINDS)}.")
    kind = Kind(one["kind"])
    return Asked(
        kind=kind,
        id=_id(one.get("id", "")),
        match=_match(kind, one.get("match", {})),
        params=_params(kind, one.get("params", {})),
        at=_duration("at", one.get("at", 0)),
        lasting=_duration("for", one["for"]) if "for" in one else None,
        probability=_probability(one.get("probability", 1.0)),
        times=_times(one["times"]) if "times" in one else None,
    )


def _id(given: object) -> str:
    if not isinstance(given, str) or not re.fullmatch(r"[\w.-]{0,64}", given):
        raise Unusable("id is up to 64 letters, digits, dots, underscores and hyphens.")
    if given == "kinds":
        raise Unusable("id cannot be kinds, where the kinds are listed; take another.")
    return given


def _match(kind: Kind, given: object) -> Mapping[str, str]:
    if not isinstance(given, dict) or not all(isinstance(it, str) for it in given.values()):
        raise Unusable("match is an object of shell patterns, by fact.")
    _only("match", given, KINDS[kind].facts)
    return given


def _params(kind: Kind, given: object) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise Unusable("params is an object.")
    known = KINDS[kind].params
    _only("params", given, known)
    for name, value in given.items():
        _check_type(name, value, type(known[name]))
    if wrong := KINDS[kind].check({**known, **given}):
        raise Unusable(wrong)
    return given


def _duration(name: str, given: object) -> timedelta:
    """Of seconds, or of `90s`, `2m`, `1h`, `250ms`."""
    found = _DURATION.fullmatch(given.strip()) if isinstance(given, str) else None
    if found:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    if _number(given) and 0 <= given < timedelta.max.total_seconds() / 1000:  # type: ignore[operator]
        return timedelta(seconds=given)  # type: ignore[arg-type]
    raise Unusable(f"{name} is seconds, or such as 250ms, 30s, 2m, 1h.")


def _probability(given: object) -> float:
    if not _number(given) or not 0 < given <= 1:  # type: ignore[operator]
        raise Unusable("probability is a number over 0, and at most 1.")
    return float(given)  # type: ignore[arg-type]


def _times(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise Unusable("times is a whole number, at least 1.")
    return given


def _only(where: str, given: Mapping[str, Any], known: Collection[str]) -> None:
    for name in sorted(map(str, given.keys() - set(known))):
        raise Unusable(f"{where} has no {name}; it may have {', '.join(known) or 'nothing'}.")


def _check_type(name: str, value: object, wanted: type) -> None:
    wanted = float if wanted is NoneType else wanted
    fits = _number(value) if wanted is float else isinstance(value, wanted)
    if not fits or (wanted is int and isinstance(value, bool)):
        raise Unusable(f"{name} is {_WORDS[wanted]}.")
    if _number(value) and value < 0:  # type: ignore[operator]
        raise Unusable(f"{name} is not negative.")


def _number(given: object) -> bool:
    is_one = isinstance(given, int | float) and not isinstance(given, bool)
    return is_one and math.isfinite(given)  # type: ignore[arg-type]
