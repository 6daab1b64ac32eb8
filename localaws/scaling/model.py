"""The nouns of Application Auto Scaling as they are kept: plain state, all that must survive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """What is scaled: `service/<cluster>/<name>` and its dimension."""

    namespace: str
    resource: str
    dimension: str

    def __str__(self) -> str:
        return (
            f"service namespace: {self.namespace}, resource ID: {self.resource}, "
            f"scalable dimension: {self.dimension}"
        )

    @property
    def cluster(self) -> str:
        return self.resource.split("/")[1]

    @property
    def service(self) -> str:
        return self.resource.split("/")[2]

    @property
    def shown(self) -> Json:
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource,
            "ScalableDimension": self.dimension,
        }


@dataclass(frozen=True)
class MetricName:
    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass
class Target:
    key: Key
    arn: str
    minimum: int
    maximum: int
    role_arn: str
    created_at: datetime
    suspended: dict[str, bool]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """The last time that a policy scaled: its cooldown, and what it is reckoned from."""

    at: datetime
    base: int  # the count before


@dataclass
class Policy:
    name: str
    key: Key
    arn: str
    kind: str  # TargetTrackingScaling or StepScaling
    configuration: Json  # as it was put, in boto3's shape
    created_at: datetime
    alarms: list[str] = field(default_factory=list)  # names of those made for it
    out: Move | None = None
    in_: Move | None = None

    @property
    def tracking(self) -> bool:
        return self.kind == "TargetTrackingScaling"


@dataclass
class Scheduled:
    name: str
    key: Key
    arn: str
    schedule: str
    action: Json  # the new MinCapacity, MaxCapacity or both
    created_at: datetime
    changed_at: datetime  # nothing before counts
    timezone: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass
class Activity:
    id: str
    key: Key
    capacity: int | None  # the desired count it sets
    cause: str
    started_at: datetime
    status: str = "Pending"
    message: str = ""
    ended_at: datetime | None = None
    sets: str = ""  # what else it sets, in words
    not_scaled: list[Json] = field(default_factory=list)  # NotScaledReasons; empty: it scaled


@dataclass
class State:
    targets: dict[Key, Target] = field(default_factory=dict)
    policies: dict[tuple[Key, str], Policy] = field(default_factory=dict)
    scheduled: dict[tuple[Key, str], Scheduled] = field(default_factory=dict)
    told: dict[MetricName, list[tuple[datetime, float | None]]] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)  # newest first
