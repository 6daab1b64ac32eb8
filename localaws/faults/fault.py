"""One fault: what goes wrong, where, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    NO_CAPACITY = "no_capacity"
    IMAGE_PULL = "image_pull"
    CONTAINER_EXIT = "container_exit"
    OOM = "oom"
    NEVER_HEALTHY = "never_healthy"
    DISK_FULL = "disk_full"
    INSTANCE_LOST = "instance_lost"
    INSTANCE_IMPAIRED = "instance_impaired"
    AGENT_DISCONNECTED = "agent_disconnected"
    THROTTLING = "throttling"
    ERROR = "error"
    SLOW = "slow"
    STALE_READS = "stale_reads"
    STACK = "stack"
    EVENTS = "events"


@dataclass(frozen=True)
class Fault:
    id: str
    kind: Kind
    since: datetime
    match: Mapping[str, str] = field(default_factory=dict)  # each a shell pattern
    params: Mapping[str, Any] = field(default_factory=dict)  # the kind's own, with its defaults
    until: datetime | None = None  # None: until it is ended
