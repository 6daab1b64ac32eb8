"""What ECS needs of the world around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from localaws.clock import Clock
from localaws.faults.faults import Faults as Faults


class Aws(Protocol):
    async def call(
        self, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]: ...


class Events(Protocol):
    async def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        *,
        at: datetime | None = None,
    ) -> str: ...


class TargetHealth(Protocol):
    @property
    def state(self) -> str:
        """initial, healthy, unhealthy, draining or unused."""
        ...

    @property
    def reason(self) -> str | None: ...

    @property
    def description(self) -> str | None: ...


class LoadBalancers(Protocol):
    def register(self, target_group_arn: str, target_id: str, port: int) -> object: ...

    def deregister(self, target_group_arn: str, target_id: str, port: int) -> object: ...

    def health_of(
        self, target_group_arn: str, target_id: str, port: int
    ) -> TargetHealth | None: ...

    async def drained(self, target_group_arn: str, target_id: str, port: int) -> None:
        """Returns once it is no longer registered."""
        ...

    def has_load_balancer(self, target_group_arn: str) -> bool: ...


class Groups(Protocol):
    async def measured(self, group: str, policy: str, value: float) -> None:
        """What the metric is now that a target tracking policy of a group follows."""
        ...


class World(Protocol):
    def image(self, reference: str) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def home(self) -> Path: ...

    @property
    def port(self) -> int: ...

    @property
    def instance_boot_seconds(self) -> float: ...

    @property
    def attachment_seconds(self) -> float:
        """How long ECS takes to attach capacity providers to a cluster."""
        ...

    @property
    def task_settle_seconds(self) -> float:
        """How long a task without health checks runs before it counts as healthy."""
        ...

    @property
    def clock(self) -> Clock: ...

    @property
    def faults(self) -> Faults: ...

    @property
    def aws(self) -> Aws: ...

    @property
    def events(self) -> Events: ...

    @property
    def elbv2(self) -> LoadBalancers: ...

    @property
    def autoscaling(self) -> Groups: ...

    def arn(self, service: str, resource: str) -> str: ...
