"""ECS in a world of its own, whose time stands still until it is advanced: what those share that
tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from localaws.clock import VirtualClock
from localaws.drivers.sim.driver import SimDriver
from localaws.ecs.needs import TargetHealth
from localaws.ecs.service import Ecs
from localaws.faults.faults import Faults

Json = dict[str, Any]
W = TypeVar("W", bound="EcsWorld")


class Quiet:
    """EventBridge, which keeps what it is told, and load balancers without targets."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, Json]] = []  # detail types and details

    async def call(self, service: str, operation: str, params: Json) -> Json:
        raise AssertionError(f"{service}.{operation} was called")

    async def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        *,
        at: datetime | None = None,
    ) -> str:
        self.emitted.append((detail_type, dict(detail)))
        return "id"

    def told(self, detail_type: str) -> list[Json]:
        return [detail for kind, detail in self.emitted if kind == detail_type]

    def register(self, *target: object) -> None: ...

    def deregister(self, *target: object) -> None: ...

    def health_of(self, *target: object) -> TargetHealth | None:
        return None

    async def drained(self, *target: object) -> None: ...

    async def measured(self, group: str, policy: str, value: float) -> None: ...

    def has_load_balancer(self, target_group_arn: str) -> bool:
        return False


class EcsWorld:
    account, region, port, home = "123456789012", "us-east-1", 0, Path("/nowhere")
    task_settle_seconds = 1.0
    attachment_seconds = 5.0
    clock: VirtualClock
    driver: SimDriver
    faults: Faults
    ecs: Ecs

    def image(self, reference: str) -> str:
        return reference

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def call(self, operation: str, **params: object) -> Json:
        answer = self.ecs.operations()[operation](dict(params))
        assert isinstance(answer, dict)
        return answer

    async def until(self, holds: Callable[[], object], within: float = 10) -> None:
        """Time passes no further than to where it holds."""
        assert await self.clock.until(holds, within), holds


def tell_of(world: Callable[[], W], story: Callable[[W], Awaitable[None]], *size: int) -> None:
    """Of a cluster `c` with one container instance, of so much CPU and memory."""

    async def whole() -> None:
        of_its_own = world()
        of_its_own.call("CreateCluster", clusterName="c")
        of_its_own.ecs.add_instance("c", "i-1", "127.0.0.1", "us-east-1a", *size)
        await of_its_own.ecs.start()
        try:
            await story(of_its_own)
        finally:
            await of_its_own.ecs.stop()

    asyncio.run(whole())
