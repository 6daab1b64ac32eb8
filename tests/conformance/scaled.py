"""A service of its own for a test, registered as a scalable target, and both taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.waiting import until

Client = Any  # boto3 makes its classes as it runs
Json = dict[str, Any]


@dataclass
class Scaled:
    ecs: Client
    scaling: Client
    cluster: str
    image: str
    name: str

    @property
    def resource(self) -> str:
        return f"service/{self.cluster}/{self.name}"

    @property
    def target(self) -> Json:
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": self.resource,
            "ScalableDimension": "ecs:service:DesiredCount",
        }

    def serve(self, count: int) -> None:
        container = {
            "name": "main",
            "image": self.image,
            "command": ["sh", "-c", "exec sleep 3600"],
            "cpu": 16,
            "memory": 32,
        }
        made = self.ecs.register_task_definition(family=self.name, containerDefinitions=[container])
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.name,
            taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
            desiredCount=count,
        )

    def register(self, minimum: int, maximum: int, **more: object) -> str:
        """Its ARN."""
        made = self.scaling.register_scalable_target(
            **self.target, MinCapacity=minimum, MaxCapacity=maximum, **more
        )
        return str(made["ScalableTargetARN"])

    def described(self) -> list[Json]:
        found = self.scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[self.resource]
        )
        return list(found["ScalableTargets"])

    def activities(self, **more: object) -> list[Json]:
        """Newest first."""
        found = self.scaling.describe_scaling_activities(
            ServiceNamespace="ecs", ResourceId=self.resource, **more
        )
        return list(found["ScalingActivities"])

    def fulfilled(self) -> Json:
        """The newest activity, once it is over."""

        def over() -> Json | None:
            newest = (self.activities() or [{}])[0]
            return newest if newest.get("EndTime") else None

        return until(over)

    def desired(self) -> int:
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.name])
        return int(found["services"][0]["desiredCount"])

    def steady(self) -> None:
        def settled() -> bool:
            found = self.ecs.describe_services(cluster=self.cluster, services=[self.name])
            one = found["services"][0]
            finished = [it["rolloutState"] for it in one["deployments"]] == ["COMPLETED"]
            return finished and one["runningCount"] == one["desiredCount"]

        until(settled)

    def clean(self) -> None:
        try:
            self.scaling.deregister_scalable_target(**self.target)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ObjectNotFoundException"  # noqa: PT017
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.name])["services"]
        if any(one["status"] == "ACTIVE" for one in found):
            self.ecs.delete_service(cluster=self.cluster, service=self.name, force=True)
