"""An image, task definitions and services for the tests of ECS, and what becomes of them."""

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.localaws import registering
from tests.localaws.conftest import Client, until

Json = dict[str, Any]
BREAKER = {
    "enable": True,
    "rollback": False,
    "resetOnHealthyTask": False,
    "thresholdConfiguration": {"type": "COUNT", "value": 3},
}


def push_image(port: int) -> str:
    """One empty folder; its reference by digest."""
    config = json.dumps({"config": {"WorkingDir": "/app"}}).encode()
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w:gz") as archive:
        folder = tarfile.TarInfo("app")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
    manifest = registering.manifest(config, layer.getvalue())
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        registering.push_blob(client, "empty", config)
        registering.push_blob(client, "empty", layer.getvalue())
        registering.push_manifest(client, "empty", "latest", manifest)
    return f"127.0.0.1:{port}/empty@{registering.digest(manifest)}"


@dataclass
class Cluster:
    """The seeded cluster, and one service in it that a test may make."""

    ecs: Client
    cluster: str
    image: str
    name: str

    def register(self, script: str = "exec sleep 600", **container: object) -> str:
        whole = {
            "name": "main",
            "image": self.image,
            "command": ["sh", "-c", script],
            "cpu": 16,
            "memory": 32,
            **container,
        }
        made = self.ecs.register_task_definition(
            family=self.name,
            containerDefinitions=[whole],
            executionRoleArn="arn:aws:iam::123456789012:role/palatine-execution",
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def create(self, definition: str, count: int = 1, **more: object) -> Json:
        made = self.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.name,
            taskDefinition=definition,
            desiredCount=count,
            **more,
        )
        return dict(made["service"])

    def update(self, **changes: object) -> Json:
        made = self.ecs.update_service(cluster=self.cluster, service=self.name, **changes)
        return dict(made["service"])

    def service(self) -> Json:
        found = self.ecs.describe_services(
            cluster=self.cluster, services=[self.name], include=["TAGS"]
        )
        return dict(found["services"][0])

    def until(self, holds: Callable[[Json], object], seconds: float = 15) -> Json:
        return until(lambda: (one := self.service()) and holds(one) and one, seconds)

    def steady(self) -> Json:
        return self.until(steady)

    def tasks(self, status: str = "RUNNING", **which: str) -> list[Json]:
        which = which or {"serviceName": self.name}
        arns = self.ecs.list_tasks(cluster=self.cluster, desiredStatus=status, **which)["taskArns"]
        return self.describe(arns) if arns else []

    def describe(self, arns: list[str]) -> list[Json]:
        shown = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns, include=["TAGS"])
        return list(shown["tasks"])

    def run(self, definition: str, **more: object) -> Json:
        return dict(self.ecs.run_task(cluster=self.cluster, taskDefinition=definition, **more))

    def stopped(self, task: Json) -> Json:
        """The task, once it is STOPPED."""

        def over() -> Json | None:
            shown = self.describe([task["taskArn"]])[0]
            return shown if shown["lastStatus"] == "STOPPED" else None

        return until(over)


def steady(service: Json) -> bool:
    """One deployment, completed, with all its tasks."""
    deployments = service["deployments"]
    return (
        len(deployments) == 1
        and deployments[0]["rolloutState"] == "COMPLETED"
        and service["runningCount"] == service["desiredCount"]
        and service["pendingCount"] == 0
    )


def said(service: Json, *words: str) -> bool:
    return any(all(word in one["message"] for word in words) for one in service["events"])
