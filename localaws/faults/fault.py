"""One fault: what goes wrong, where, how often, and from when until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Each is declared in a module of `kinds/`."""

    STACK = "stack"
    ERROR = "error"
    SLOW = "slow"
    THROTTLING = "throttling"
    STALE_READS = "stale_reads"
    NO_CAPACITY = "no_capacity"
    PULL_DENIED = "pull_denied"
    PULL_MISSING = "pull_missing"
    PULL_SLOW = "pull_slow"
    EXIT = "exit"
    HEALTHY_THEN_CRASH = "healthy_then_crash"
    DISK_FULL = "disk_full"
    OUT_OF_MEMORY = "out_of_memory"
    SCHEDULER_THROTTLED = "scheduler_throttled"
    IAM_MISCONFIGURED = "iam_misconfigured"
    NEVER_HEALTHY = "never_healthy"
    EVENTS = "events"
    INSTANCE_LOST = "instance_lost"
    AGENT_DISCONNECTED = "agent_disconnected"
    INSTANCE_IMPAIRED = "instance_impaired"


@dataclass(frozen=True)
class Declared:
    """A kind's facts, which a fault may match by shell patterns, and its params' defaults."""

    meaning: str
    facts: tuple[str, ...]
    params: Mapping[str, Any]  # None: a number that may be left open
    check: Callable[[Mapping[str, Any]], str] = lambda _: ""  # a sentence: what is wrong with them
    lasts: bool = False  # it strikes each thing it concerns once, and lasts until it ends


@dataclass
class Fault:
    id: str
    kind: Kind
    since: datetime  # may be yet to come
    match: Mapping[str, str] = field(default_factory=dict)  # each a shell pattern
    params: Mapping[str, Any] = field(default_factory=dict)  # the kind's own, with its defaults
    until: datetime | None = None  # None: until it is ended
    probability: float = 1.0  # that it acts when it could
    times: int | None = None  # it acts so often, and is over
    hits: int = 0  # how often it has acted
    withdrawn: bool = False  # what it has begun but not done yet is not done either
    lasts: bool = False  # `times` are those whom it strikes then, and do not end it
    struck: dict[str, datetime | None] = field(default_factory=dict)  # by id; None: spared

    @property
    def spent(self) -> bool:
        return self.times is not None and self.hits >= self.times

    def over(self, now: datetime) -> bool:
        return (self.spent and not self.lasts) or (self.until is not None and now >= self.until)
