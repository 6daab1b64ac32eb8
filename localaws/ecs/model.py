"""The nouns of ECS as they are kept: plain state, changed only by this package."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from localaws.ecs.capacity.provider import Attachment, CapacityProvider
from localaws.ecs.services.backoff import Backoff

Json = dict[str, Any]
EVENTS_KEPT = 100


@dataclass
class Cluster:
    name: str
    arn: str
    status: str = "ACTIVE"
    settings: list[Json] = field(default_factory=list)
    capacity_providers: list[str] = field(default_factory=list)
    strategy: list[Json] = field(default_factory=list)  # by default
    attachments: list[Attachment] = field(default_factory=list)
    attachments_status: str | None = None
    attachments_asked: int = 0  # how often what is needed has changed


@dataclass
class Instance:
    id: str
    arn: str
    cluster: str
    ec2_instance_id: str
    address: str  # where its containers listen
    availability_zone: str
    cpu: int  # units, 1024 a core
    memory: int  # MiB
    registered_at: datetime
    instance_type: str = ""
    attributes: dict[str, str | None] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)  # names of the attributes that users gave it
    reserved_ports: frozenset[int] = frozenset()  # the host's own
    reserved_udp_ports: frozenset[int] = frozenset()
    capacity_provider: str | None = None
    status: str = "ACTIVE"
    status_reason: str | None = None
    agent_connected: bool = True
    deregistered_at: datetime | None = None
    gone: bool = False  # EC2 has ended the host, and whatever ran on it
    lost: bool = False  # the host has failed, and nobody told ECS
    impaired: str | None = None  # why
    health_changed_at: datetime | None = None
    version: int = 1


@dataclass
class TaskDefinition:
    arn: str
    family: str
    revision: int
    body: Json  # as registered, in boto3's shape, without tags
    registered_at: datetime
    deregistered_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def active(self) -> bool:
        return self.deregistered_at is None

    @property
    def status(self) -> str:
        if self.deleted_at:
            return "DELETE_IN_PROGRESS"
        return "ACTIVE" if self.active else "INACTIVE"

    @property
    def containers(self) -> list[Json]:
        return list(self.body["containerDefinitions"])

    @property
    def name(self) -> str:
        return f"{self.family}:{self.revision}"


class Rollout(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(eq=False)
class ServiceRevision:
    """What a deployment rolls out; a rollback rolls out one that was there before."""

    arn: str
    service_arn: str
    cluster_arn: str
    task_definition: str  # ARN
    load_balancers: list[Json]
    capacity_providers: list[Json]  # a strategy; empty: launch type EC2
    created_at: datetime
    images: list[Json] = field(default_factory=list)  # containerImages, once a task has them


@dataclass(eq=False)
class ServiceDeployment:
    """The record of one rollout, kept after its deployment has gone from the service."""

    arn: str
    service_arn: str
    cluster_arn: str
    revision: ServiceRevision
    sources: list[ServiceRevision]
    configuration: Json
    created_at: datetime
    updated_at: datetime
    status: str = "PENDING"
    reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    rollback: Json | None = None
    breaker: str = "DISABLED"  # MONITORING, MONITORING_COMPLETE, TRIGGERED
    failures: int = 0
    threshold: int = 0
    alarms: str = "DISABLED"  # as breaker
    alarms_watched: list[str] | None = None  # names; None: CloudWatch was not asked yet
    alarms_triggered: list[str] = field(default_factory=list)
    bake_seconds: float = 0
    bakes_until: datetime | None = None  # once it has nothing else left to do


@dataclass(eq=False)
class Deployment:
    id: str
    task_definition: str  # ARN
    load_balancers: list[Json]
    created_at: datetime
    updated_at: datetime
    record: ServiceDeployment  # of the rollout that first made it
    revision: ServiceRevision
    primary: bool = True
    rollout: Rollout = Rollout.IN_PROGRESS
    reason: str = ""
    failed_tasks: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    no_room: bool = False  # the last task that was to start found no instance
    share: int = 0  # once it is no longer primary: how many tasks it was left with
    rolls_back: ServiceDeployment | None = None  # the record of the one this takes back


@dataclass
class Notes:
    """What happened to a service's tasks since its last events were written."""

    registered: Counter[str] = field(default_factory=Counter)  # by target group
    not_registered: dict[str, str] = field(default_factory=dict)  # why, by target group
    deregistered: Counter[str] = field(default_factory=Counter)
    draining: int = 0
    stopped: list[str] = field(default_factory=list)  # task ids


@dataclass
class Moving:
    """Tasks on their way to other availability zones."""

    desired: int  # the service's count when it began
    started: list[str]  # task ids


@dataclass(eq=False)
class Service:
    name: str
    arn: str
    cluster: str
    cluster_arn: str
    desired_count: int
    task_definition: str  # ARN
    load_balancers: list[Json]
    configuration: Json  # deploymentConfiguration, percentages filled in
    settings: Json  # what is only kept and answered, and what placement reads
    created_at: datetime
    strategy: list[Json] = field(default_factory=list)  # of capacity providers; []: launch type EC2
    launch_type: str | None = None  # that it was created with
    status: str = "ACTIVE"
    grace_seconds: int = 0
    role: str | None = None  # name or ARN
    deployments: list[Deployment] = field(default_factory=list)  # newest first
    last_good: Deployment | None = None  # the last that was COMPLETED
    history: list[ServiceDeployment] = field(default_factory=list)  # newest first
    revisions: dict[str, ServiceRevision] = field(default_factory=dict)  # by ARN
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    steady_since: datetime | None = None
    steady_said: datetime | None = None  # the last time
    said: dict[str, datetime] = field(default_factory=dict)  # messages held back as repetitions
    next_placement: datetime | None = None  # before it a failed placement does not count again
    moving: Moving | None = None
    moves_after: datetime | None = None  # zones are not made even before; the last move failed
    even: bool = False  # nothing is to be moved, as long as neither it nor an instance changes
    stopped_at: datetime | None = None
    notes: Notes = field(default_factory=Notes)
    tasks: list[Task] = field(default_factory=list)  # those not STOPPED yet

    @property
    def primary(self) -> Deployment:
        """There is one until the service is INACTIVE."""
        return next(one for one in self.deployments if one.primary)

    @property
    def standing(self) -> Deployment | None:
        """The last good one, while it is being rolled out of."""
        good = self.last_good
        return good if good in self.deployments and good is not self.primary else None

    @property
    def breaker(self) -> Json:
        return dict(self.configuration.get("deploymentCircuitBreaker") or {"enable": False})


class Life(StrEnum):
    """A task's lastStatus; it only ever moves down this list."""

    PROVISIONING = "PROVISIONING"
    PENDING = "PENDING"
    ACTIVATING = "ACTIVATING"
    RUNNING = "RUNNING"
    DEACTIVATING = "DEACTIVATING"
    STOPPING = "STOPPING"
    DEPROVISIONING = "DEPROVISIONING"
    STOPPED = "STOPPED"


STARTING = (Life.PROVISIONING, Life.PENDING, Life.ACTIVATING)


@dataclass
class Container:
    name: str
    arn: str
    image: str
    definition: Json
    token: str  # of its metadata endpoint
    last_status: str = "PENDING"
    health_status: str = "UNKNOWN"
    started_at: datetime | None = None  # the last time, where it was restarted
    finished_at: datetime | None = None
    restarts: int = 0
    exit_code: int | None = None
    reason: str | None = None
    runtime_id: str | None = None
    image_digest: str | None = None
    bindings: list[Json] = field(default_factory=list)

    @property
    def essential(self) -> bool:
        return bool(self.definition.get("essential", True))

    @property
    def checked(self) -> bool:
        return bool(self.definition.get("healthCheck"))


@dataclass(frozen=True)
class Target:
    group: str
    id: str
    port: int


@dataclass(eq=False)
class Task:
    id: str
    arn: str
    cluster: str
    cluster_arn: str
    definition: TaskDefinition
    placed_on: Instance | None  # None: it waits for its capacity provider
    group: str
    containers: list[Container]  # as they are
    created_at: datetime
    capacity_provider: str | None = None
    placement: Json = field(default_factory=dict)  # constraints and strategy it was asked for with
    overrides: Json = field(default_factory=dict)
    started_by: str | None = None
    service: Service | None = None
    deployment: Deployment | None = None
    tags: list[Json] = field(default_factory=list)
    status: Life = Life.PROVISIONING
    desired_status: str = "RUNNING"
    version: int = 1
    updated_at: datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    execution_stopped_at: datetime | None = None
    stopped_at: datetime | None = None
    targets: list[Target] = field(default_factory=list)
    deregistered: bool = False  # its targets are, or drain
    healthy_since: datetime | None = None
    protected_until: datetime | None = None
    connected: bool = True  # ECS hears of it
    connected_at: datetime | None = None  # when last; None: from the beginning
    ended_with_host: bool = False  # as ECS was told
    last_known: list[Container] | None = None  # as they were when ECS last heard of them

    @property
    def instance(self) -> Instance:
        """Where it is; LookupError while it waits to be placed."""
        if self.placed_on is None:
            raise LookupError(self.id)
        return self.placed_on

    @property
    def leaving(self) -> bool:
        """Its instance is drained, or no more."""
        return self.placed_on is not None and self.placed_on.status != "ACTIVE"

    @property
    def health_status(self) -> str:
        """Of its essential containers that have health checks: the worst."""
        told = {one.health_status for one in self.known if one.essential and one.checked}
        for status in ("UNHEALTHY", "UNKNOWN", "HEALTHY"):
            if status in told:
                return status
        return "UNKNOWN"

    @property
    def checked(self) -> bool:
        """Whether anything tells its health status."""
        return any(one.essential and one.checked for one in self.containers)

    @property
    def role(self) -> str | None:
        """The ARN of what it may do."""
        return self.overrides.get("taskRoleArn") or self.definition.body.get("taskRoleArn")

    @property
    def known(self) -> list[Container]:
        """Its containers as far as ECS knows."""
        return self.containers if self.last_known is None else self.last_known

    @property
    def unheard_of(self) -> bool:
        """Its agent is away: it learns nothing, and nobody learns of it."""
        placed = self.placed_on
        return placed is not None and not placed.agent_connected and not self.ended_with_host

    def protected(self, now: datetime) -> bool:
        """From scale-in and deployments."""
        return self.protected_until is not None and now < self.protected_until

    @property
    def wanted(self) -> bool:
        return self.desired_status == "RUNNING"

    @property
    def over(self) -> bool:
        return self.status is Life.STOPPED


@dataclass
class State:
    clusters: dict[str, Cluster] = field(default_factory=dict)
    providers: dict[str, CapacityProvider] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)  # by ARN
    deregistered: dict[str, Instance] = field(default_factory=dict)  # by ARN, shown for a while
    hosts: set[str] = field(default_factory=set)  # EC2 ids, of all that were launched and not ended
    booting: dict[str, str | None] = field(default_factory=dict)  # EC2 ids; the cluster awaited
    definitions: dict[str, list[TaskDefinition]] = field(default_factory=dict)  # by family
    last_revisions: dict[str, int] = field(default_factory=dict)  # by family, deleted ones too
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)  # by id
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    tokens: dict[tuple[str, str], tuple[Json, list[str]]] = field(default_factory=dict)
