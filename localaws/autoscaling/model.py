"""The nouns of Auto Scaling as they are kept: plain state, all that must survive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Life(StrEnum):
    """A member's LifecycleState."""

    PENDING = "Pending"
    PENDING_WAIT = "Pending:Wait"
    PENDING_PROCEED = "Pending:Proceed"
    IN_SERVICE = "InService"
    STANDBY = "Standby"
    TERMINATING = "Terminating"
    TERMINATING_WAIT = "Terminating:Wait"
    TERMINATING_PROCEED = "Terminating:Proceed"


COMING = (Life.PENDING, Life.PENDING_WAIT, Life.PENDING_PROCEED)
GOING = (Life.TERMINATING, Life.TERMINATING_WAIT, Life.TERMINATING_PROCEED)


@dataclass
class Hook:
    name: str
    transition: str  # autoscaling:EC2_INSTANCE_LAUNCHING or …_TERMINATING
    heartbeat_seconds: int
    default_result: str
    metadata: str | None = None

    @property
    def global_seconds(self) -> int:
        """An instance waits no longer, whatever the heartbeats."""
        return min(100 * self.heartbeat_seconds, 48 * 3600)


@dataclass
class Action:
    """A hook that one instance waits for."""

    hook: str
    token: str
    ends_at: datetime  # without another heartbeat
    last_at: datetime  # with all heartbeats there are
    default_result: str
    result: str | None = None  # CONTINUE, ABANDON
    timed_out: bool = False


@dataclass
class Member:
    """An instance of a group."""

    id: str
    zone: str
    instance_type: str
    image: str
    template: Json  # id, name and the version it was launched from; {}: attached
    launched_at: datetime
    protected: bool
    life: Life = Life.PENDING
    unhealthy: str = ""  # what found it so; empty: it is healthy
    in_service_since: datetime | None = None
    activity: str = ""  # id of what is done with it now
    actions: list[Action] = field(default_factory=list)


@dataclass
class Activity:
    id: str
    group: str
    description: str
    cause: str
    details: Json
    started_at: datetime
    status: str = "InProgress"
    progress: int = 0
    message: str | None = None
    ended_at: datetime | None = None


@dataclass
class Tag:
    value: str
    propagates: bool


@dataclass
class Policy:
    name: str
    arn: str
    kind: str  # SimpleScaling, StepScaling, TargetTrackingScaling
    settings: Json  # as it was put, in boto3's shape
    alarms: dict[str, str] = field(default_factory=dict)  # names by AlarmHigh, AlarmLow
    alarm_states: dict[str, str] = field(default_factory=dict)  # as CloudWatch was told
    low_since: datetime | None = None  # what it tracks is below its target


@dataclass
class Group:
    name: str
    arn: str
    minimum: int
    maximum: int
    desired: int
    template: Json  # id, name, and the version as it was given
    subnets: dict[str, str]  # zone by subnet id; empty: the default ones of `zones`
    zones: list[str]
    created_at: datetime
    cooldown: int = 300
    grace_seconds: int = 0  # HealthCheckGracePeriod
    warmup: int | None = None  # DefaultInstanceWarmup
    termination_policies: list[str] = field(default_factory=lambda: ["Default"])
    protects_new: bool = False
    role: str = ""
    tags: dict[str, Tag] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    suspended: dict[str, str] = field(default_factory=dict)  # reason by process
    members: dict[str, Member] = field(default_factory=dict)  # by instance id
    detached: set[str] = field(default_factory=set)  # ids of those that live on outside of it
    why: str = ""  # who changed the desired capacity, until that is followed
    replacing: int = 0  # how many launches make up for unhealthy members
    scaled_at: datetime | None = None  # the cooldown runs from here
    next_launch: datetime | None = None  # after one that failed
    deleting: bool = False

    def grace_ends(self, member: Member) -> datetime:
        """Before, none of its checks counts."""
        return (member.in_service_since or member.launched_at) + timedelta(
            seconds=self.grace_seconds
        )

    @property
    def present(self) -> list[Member]:
        """Those that the desired capacity counts."""
        return [one for one in self.members.values() if one.life is Life.IN_SERVICE] + self.coming

    @property
    def coming(self) -> list[Member]:
        return [one for one in self.members.values() if one.life in COMING]


@dataclass
class State:
    groups: dict[str, Group] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)  # newest first
