"""One fault: what goes wrong, where, and since when. The kinds there are, and what each takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    STACK = "stack"


@dataclass(frozen=True)
class Declared:
    """A kind's facts, which a fault may match by shell patterns, and its params' defaults."""

    meaning: str
    facts: tuple[str, ...]
    params: Mapping[str, Any]


KINDS = {
    Kind.STACK: Declared(
        "A step of a stack operation takes longer, or fails. `resource` is a logical id; `during` "
        "is create, update, delete or rollback.",
        ("stack", "resource", "during"),
        {"seconds": 0.0, "fails": True, "reason": "Internal Failure"},
    ),
}


@dataclass(frozen=True)
class Fault:
    id: str
    kind: Kind
    since: datetime
    match: Mapping[str, str] = field(default_factory=dict)  # each a shell pattern
    params: Mapping[str, Any] = field(default_factory=dict)  # the kind's own, with its defaults
    until: datetime | None = None  # None: until it is ended
