"""What ECS tells the world: service events, and EventBridge events in the order they happened."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import timedelta
from typing import Any

from localaws.ecs.instances.placement import Refused
from localaws.ecs.model import Deployment, Instance, Service, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import shape as task_shape

log = logging.getLogger(__name__)
REPEAT_AFTER = timedelta(hours=6)  # AWS holds back what it has said already


class Notices:
    def __init__(self, world: World) -> None:
        self._world = world
        self._outgoing: asyncio.Queue[tuple[str, dict[str, Any], list[str]]] = asyncio.Queue()

    async def run(self) -> None:
        """Delivers for ever. A rule or queue that fails costs its event, nothing else."""
        while True:
            detail_type, detail, resources = await self._outgoing.get()
            try:
                await self._world.events.emit("aws.ecs", detail_type, detail, resources)
            except Exception:
                log.exception("an event of ECS was not delivered: %s", detail_type)

    def task_changed(self, task: Task) -> None:
        detail = task_shape.describe(task) | {"updatedAt": task.updated_at}
        self._emit("ECS Task State Change", detail, task.arn)

    def instance_changed(self, instance: Instance, detail: dict[str, Any]) -> None:
        self._emit("ECS Container Instance State Change", detail, instance.arn)

    def instance_health_changed(self, instance: Instance, detail: dict[str, Any]) -> None:
        self._emit("ECS Container Instance Health Change", detail, instance.arn)

    def deployment_changed(self, service: Service, deployment: Deployment) -> None:
        severity = "ERROR" if deployment.rollout == "FAILED" else "INFO"
        name = f"SERVICE_DEPLOYMENT_{deployment.rollout}"
        detail = {
            "eventType": severity,
            "eventName": name,
            "clusterArn": service.cluster_arn,
            "deploymentId": deployment.id,
            "updatedAt": deployment.updated_at,
            "reason": deployment.reason,
        }
        self._emit("ECS Deployment State Change", detail, service.arn)
        self.acted(service, name, severity)

    def acted(
        self, service: Service, name: str, severity: str = "INFO", **more: str | list[str]
    ) -> None:
        detail = {
            "eventType": severity,
            "eventName": name,
            "clusterArn": service.cluster_arn,
            "createdAt": self._world.clock.now(),
        }
        self._emit("ECS Service Action", detail | more, service.arn)

    def not_placed(self, service: Service, refused: Refused) -> None:
        self.acted(
            service,
            "SERVICE_TASK_PLACEMENT_FAILURE",
            "ERROR",
            reason=refused.code or "RESOURCE:MEMORY",
            containerInstanceArns=list(refused.reasons),
            **self._providers(service),
        )

    def steady(self, service: Service) -> None:
        self.acted(service, "SERVICE_STEADY_STATE")
        if providers := self._providers(service):
            self.acted(service, "CAPACITY_PROVIDER_STEADY_STATE", "INFO", **providers)

    def say(self, service: Service, message: str) -> None:
        event = {"id": str(uuid.uuid4()), "createdAt": self._world.clock.now(), "message": message}
        service.events.appendleft(event)

    def say_once(self, service: Service, message: str) -> bool:
        """Whether it was said: not again within six hours, unless `forget` came between."""
        now = self._world.clock.now()
        last = service.said.get(message)
        if last and now - last < REPEAT_AFTER:
            return False
        service.said[message] = now
        self.say(service, message)
        return True

    def forget(self, service: Service) -> None:
        """The cause is resolved: the same trouble is news again."""
        service.said.clear()

    def _providers(self, service: Service) -> dict[str, list[str]]:
        names = [one["capacityProvider"] for one in service.strategy]
        arns = [self._world.arn("ecs", f"capacity-provider/{name}") for name in names]
        return {"capacityProviderArns": arns} if arns else {}

    def _emit(self, detail_type: str, detail: dict[str, Any], resource: str) -> None:
        self._outgoing.put_nowait((detail_type, detail, [resource]))
