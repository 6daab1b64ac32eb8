"""The nouns of EventBridge as they are kept: plain state, all that must survive a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]

ENABLED = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


@dataclass
class Rule:
    name: str
    arn: str
    pattern: str | None
    schedule: str | None
    state: str
    description: str
    role_arn: str | None
    begun: datetime  # its schedule counts from here: when it was put or enabled
    tags: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Json] = field(default_factory=dict)  # as they were put, by id

    @property
    def enabled(self) -> bool:
        return self.state in ENABLED


@dataclass
class Delivery:
    """An event on its way to one target, and not there yet."""

    id: str
    rule: str  # its name
    target: Json
    event: Json
    born: datetime
    due: datetime
    attempts: int = 0


@dataclass
class State:
    rules: dict[str, Rule] = field(default_factory=dict)
    waiting: dict[str, Delivery] = field(default_factory=dict)
