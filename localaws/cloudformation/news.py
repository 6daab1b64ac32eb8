"""What CloudFormation tells EventBridge of stacks and their resources.

Details as in the user guide's "CloudFormation events detail reference".
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from localaws.cloudformation.resource import Resource
from localaws.cloudformation.stack import Stack
from localaws.world import World

_STACK = "CloudFormation Stack Status Change"
_RESOURCE = "CloudFormation Resource Status Change"
_log = logging.getLogger(__name__)


class News:
    """Delivered in order, by a task that lives while there is something to deliver."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: deque[tuple[str, dict[str, Any], list[str]]] = deque()
        self._delivering: asyncio.Task[None] | None = None

    def stack_changed(self, stack: Stack) -> None:
        self._tell(_STACK, stack, {"status-details": _details(stack.status, stack.reason)})

    def resource_changed(self, stack: Stack, resource: Resource, status: str, reason: str) -> None:
        detail = {
            "logical-resource-id": resource.logical_id,
            "physical-resource-id": resource.physical_id,
            "status-details": _details(status, reason),
            "resource-type": resource.type,
        }
        self._tell(_RESOURCE, stack, detail)

    async def stop(self) -> None:
        if self._delivering is not None:
            self._delivering.cancel()
            await asyncio.gather(self._delivering, return_exceptions=True)

    def _tell(self, detail_type: str, stack: Stack, detail: dict[str, Any]) -> None:
        whole = {"stack-id": stack.id, **detail, "client-request-token": stack.token}
        self._waiting.append((detail_type, whole, [stack.id]))
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.ensure_future(self._deliver())

    async def _deliver(self) -> None:
        while self._waiting:
            detail_type, detail, resources = self._waiting.popleft()
            try:
                await self._world.events.emit("aws.cloudformation", detail_type, detail, resources)
            except Exception:  # a rule or queue that fails costs its event, nothing else
                _log.exception("an event of CloudFormation was not delivered: %s", detail_type)


def _details(status: str, reason: str) -> dict[str, str]:
    return {"status": status, "status-reason": reason}
