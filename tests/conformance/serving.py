"""A service of its own for a test, and what becomes of it; taken away afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conformance.waiting import until

Client = Any  # boto3 makes its classes as it runs
Json = dict[str, Any]
SLEEP = "exec sleep 3600"


@dataclass
class Served:
    ecs: Client
    cluster: str
    image: str
    name: str

    @property
    def which(self) -> Json:
        return {"cluster": self.cluster, "service": self.name}

    def register(self, script: str = SLEEP, **more: object) -> str:
        """The ARN of a task definition with one container that runs the script."""
        container = {
            "name": "main",
            "image": self.image,
            "command": ["sh", "-c", script],
            "cpu": 16,
            "memory": 32,
            **more,
        }
        made = self.ecs.register_task_definition(family=self.name, containerDefinitions=[container])
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def create(self, count: int = 1, script: str = SLEEP, **more: object) -> Json:
        made = self.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.name,
            taskDefinition=self.register(script),
            desiredCount=count,
            **more,
        )
        return dict(made["service"])

    def update(self, **changes: object) -> Json:
        return dict(self.ecs.update_service(**self.which, **changes)["service"])

    def described(self, **more: object) -> Json:
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.name], **more)
        return dict(found["services"][0])

    def until(self, holds: Callable[[Json], object]) -> Json:
        """The service, once it is so."""
        return until(lambda: (one := self.described()) and holds(one) and one)

    def steady(self) -> Json:
        return self.until(_steady)

    def deployments(self, **more: object) -> list[Json]:
        """Service deployments, newest first."""
        return list(self.ecs.list_service_deployments(**self.which, **more)["serviceDeployments"])

    def deployment(self, arn: str) -> Json:
        found = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        return dict(found["serviceDeployments"][0])

    def tasks(self, status: str = "RUNNING") -> list[Json]:
        arns = self.ecs.list_tasks(
            cluster=self.cluster, serviceName=self.name, desiredStatus=status
        )["taskArns"]
        if not arns:
            return []
        return list(self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"])

    def clean(self) -> None:
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.name])["services"]
        if any(one["status"] == "ACTIVE" for one in found):
            self.ecs.delete_service(**self.which, force=True)


def _steady(service: Json) -> bool:
    finished = [one["rolloutState"] for one in service["deployments"]] == ["COMPLETED"]
    return finished and service["runningCount"] == service["desiredCount"]
