"""What a load balancer is made of, as plain values; nothing here acts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Timing:
    """How long things take. The local AWS shortens waiting, never meaning.

    A target that is still starting is looked at every `first_checks` seconds, so that it serves as
    soon as it can. Its failures count only at the group's own interval, as on AWS: a slow start
    gets the same patience here. `interval_scale` shortens that interval, for tests.
    """

    first_checks: float = 0.2
    interval_scale: float = 1.0
    connect_timeout: float = 10.0  # an ALB's own, to a target
    idle_timeout: float | None = None  # None: the load balancer's own
    shortest_drain: float = 0.5  # on AWS a drained target is shown until the delay ends


class State(StrEnum):
    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"
    UNUSED = "unused"


@dataclass(frozen=True)
class TargetHealth:
    """AWS's words: no reason and no description when healthy."""

    state: State
    reason: str | None = None
    description: str | None = None


@dataclass(eq=False)
class Target:
    id: str
    port: int
    address: str
    health: TargetHealth
    zone: str | None = None
    passes: int = 0
    failures: int = 0
    healthy_since: datetime | None = None
    draining_since: datetime | None = None
    in_flight: int = 0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def state(self) -> State:
        return self.health.state

    def __getstate__(self) -> dict[str, Any]:
        """Requests do not outlive the process."""
        return {**vars(self), "in_flight": 0, "connections": set()}


@dataclass(eq=False)
class TargetGroup:
    arn: str
    name: str
    settings: dict[str, Any]  # CreateTargetGroup's, defaults filled in
    attributes: dict[str, str]
    tags: dict[str, str]
    targets: dict[tuple[str, int], Target] = field(default_factory=dict)
    turn: int = 0  # of the round robin

    @property
    def deregistration_delay(self) -> float:
        return float(self.attributes["deregistration_delay.timeout_seconds"])


@dataclass(frozen=True)
class FixedResponse:
    status: int
    content_type: str
    body: str


@dataclass(frozen=True)
class Redirect:
    """Each part may hold #{protocol}, #{host}, #{port}, #{path} and #{query}."""

    status: int
    protocol: str
    host: str
    port: str
    path: str
    query: str


@dataclass(frozen=True)
class Forward:
    """Target groups with their weights; one of weight 0 gets nothing."""

    groups: tuple[tuple[str, int], ...]
    sticky_seconds: int | None = None  # for which a client stays with a group


Action = FixedResponse | Redirect | Forward


@dataclass(frozen=True)
class Condition:
    """One thing about the request, and the patterns of which one must match it."""

    field: str
    values: tuple[str, ...]
    header: str = ""  # whose values are looked at
    keys: tuple[str | None, ...] = ()  # beside each value, of a query string


@dataclass(eq=False)
class Rule:
    arn: str
    listener_arn: str
    priority: int | None  # None: the listener's default rule
    conditions: tuple[Condition, ...]
    action: Action
    tags: dict[str, str]


@dataclass(eq=False)
class Listener:
    arn: str
    load_balancer_arn: str
    port: int
    protocol: str
    default: Rule
    tags: dict[str, str]
    ssl_policy: str | None = None
    certificates: list[str] = field(default_factory=list)  # ARNs, the default first
    rules: list[Rule] = field(default_factory=list)  # by priority, without the default


@dataclass(eq=False)
class LoadBalancer:
    arn: str
    name: str
    dns_name: str
    scheme: str
    vpc_id: str
    zones: list[dict[str, object]]  # AvailabilityZones
    security_groups: list[str]
    created: datetime
    tags: dict[str, str]
    attributes: dict[str, str]
    interfaces: dict[str, str]  # their addresses, by id

    @property
    def idle_timeout(self) -> float:
        return float(self.attributes["idle_timeout.timeout_seconds"])


@dataclass
class Kept:
    """Everything there is, by ARN: all that must survive a restart."""

    load_balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    unlogged: dict[str, list[str]] = field(default_factory=dict)  # of balancers: lines to deliver
    ended: dict[str, str] = field(default_factory=dict)  # instances that are targets: how they did
