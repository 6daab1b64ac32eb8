"""Tasks of a test's own, run once in the cluster that is there, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.conformance.waiting import until

if TYPE_CHECKING:
    from tests.conformance.conftest import Aws, Client, Place

Json = dict[str, Any]


@dataclass
class Tasking:
    aws: Aws
    place: Place
    name: str
    run_so_far: list[str] = field(default_factory=list)  # task ARNs

    @property
    def ecs(self) -> Client:
        return self.aws.client("ecs")

    @property
    def cluster(self) -> str:
        return self.place.cluster

    @property
    def role(self) -> str:
        """That tasks may have."""
        return self.place.execution_role_arn

    def container(self, script: str = "exec sleep 3600", **more: object) -> Json:
        return {
            "name": "main",
            "image": self.place.image,
            "command": ["sh", "-c", script],
            "cpu": 16,
            "memory": 32,
            **more,
        }

    def register(self, *containers: Json, **more: object) -> str:
        """Its ARN; one container that sleeps unless others are given."""
        made = self.ecs.register_task_definition(
            family=self.name,
            executionRoleArn=self.place.execution_role_arn,
            containerDefinitions=list(containers) or [self.container()],
            **more,
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def run(self, definition: str, **more: object) -> Json:
        answer = self.ecs.run_task(cluster=self.cluster, taskDefinition=definition, **more)
        self.run_so_far += [one["taskArn"] for one in answer["tasks"]]
        return dict(answer)

    def run_one(self, *containers: Json, **more: object) -> Json:
        task: Json = self.run(self.register(*containers), **more)["tasks"][0]
        return task

    def instances(self) -> list[str]:
        listed = self.ecs.list_container_instances(cluster=self.cluster)
        return list(listed["containerInstanceArns"])

    def describe(self, task: Json, **more: object) -> Json:
        found = self.ecs.describe_tasks(cluster=self.cluster, tasks=[task["taskArn"]], **more)
        return dict(found["tasks"][0])

    def until(self, task: Json, holds: Callable[[Json], object], seconds: float = 20) -> Json:
        def now() -> Json | None:
            shown = self.describe(task)
            return shown if holds(shown) else None

        found = until(now, seconds)
        assert found
        return found

    def running(self, task: Json) -> Json:
        return self.until(task, lambda one: one["lastStatus"] == "RUNNING")

    def stopped(self, task: Json, seconds: float = 20) -> Json:
        return self.until(task, lambda one: one["lastStatus"] == "STOPPED", seconds)

    def listed(self, **which: object) -> set[str]:
        """Of those that this test has run."""
        found = self.ecs.list_tasks(cluster=self.cluster, **which)["taskArns"]
        return set(found) & set(self.run_so_far)

    def clean(self) -> None:
        for arn in self.run_so_far:
            try:
                self.ecs.stop_task(cluster=self.cluster, task=arn)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidParameterException"  # noqa: PT017
        listed = self.ecs.list_task_definitions(familyPrefix=self.name)["taskDefinitionArns"]
        for arn in listed:
            self.ecs.deregister_task_definition(taskDefinition=arn)
