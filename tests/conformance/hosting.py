"""A cluster of a test's own, whose container instances are those of an Auto Scaling group."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.conformance.grouping import Grouping
from tests.conformance.place import Place
from tests.conformance.serving import Served
from tests.conformance.waiting import until

if TYPE_CHECKING:
    from tests.conformance.conftest import Aws

Json = dict[str, Any]


class Hosting:
    def __init__(self, aws: Aws, place: Place, name: str) -> None:
        self.ecs, self.ec2, self.name = aws.client("ecs"), aws.client("ec2"), name
        self.place, self.group = (
            place,
            Grouping(aws.client("autoscaling"), self.ec2, name, place.subnet_ids, place.image_id),
        )
        self.served = Served(self.ecs, name, place.image, name)
        self.hosted = False
        self.ecs.create_cluster(clusterName=name)

    def host(self, count: int, **config: object) -> list[Json]:
        """So many container instances; `config` is of their agents, without `ECS_`."""
        settings = {"CLUSTER": self.name, **config}
        lines = [
            f"echo 'ECS_{key}={_text(value)}' >> /etc/ecs/ecs.config"
            for key, value in settings.items()
        ]
        self.hosted = True
        script = "\n".join(["#!/bin/bash", *lines, ""])
        self.group.template(
            UserData=base64.b64encode(script.encode()).decode(),
            IamInstanceProfile={"Arn": self.place.instance_profile_arn},
        )
        self.group.create(count, count)
        return self.until(lambda all_: len(all_) == count)

    def instances(self, *include: str) -> list[Json]:
        arns = self.ecs.list_container_instances(cluster=self.name)["containerInstanceArns"]
        if not arns:
            return []
        found = self.ecs.describe_container_instances(
            cluster=self.name, containerInstances=arns, include=list(include)
        )
        shown: list[Json] = found["containerInstances"]
        return [one for one in shown if one["status"] != "INACTIVE"]  # since they were listed

    def instance(self, arn: str, *include: str) -> Json:
        return next(one for one in self.instances(*include) if one["containerInstanceArn"] == arn)

    def until(self, holds: Callable[[list[Json]], object], seconds: float = 30) -> list[Json]:
        """All instances, once it is so."""

        def now() -> tuple[list[Json]] | None:
            shown = self.instances()
            return (shown,) if holds(shown) else None

        (found,) = until(now, seconds) or ([],)
        return found

    def set_state(self, arn: str, status: str) -> Json:
        return dict(
            self.ecs.update_container_instances_state(
                cluster=self.name, containerInstances=[arn], status=status
            )
        )

    def run(self, arn: str, **container: object) -> str:
        """A task that belongs to no service, on that instance."""
        started = self.ecs.start_task(
            cluster=self.name,
            taskDefinition=self.served.register(**container),
            containerInstances=[arn],
        )
        task = str(started["tasks"][0]["taskArn"])
        until(lambda: self.task(task)["lastStatus"] == "RUNNING")
        return task

    def task(self, arn: str) -> Json:
        return dict(self.ecs.describe_tasks(cluster=self.name, tasks=[arn])["tasks"][0])

    def stopped(self, task: str) -> Json:
        def now() -> Json | None:
            shown = self.task(task)
            return shown if shown["lastStatus"] == "STOPPED" else None

        return until(now, 60) or {}

    def clean(self) -> None:
        self.served.clean()
        if self.hosted:
            self.group.clean()
        ended = self.until(lambda all_: not any(one["agentConnected"] for one in all_), 60)
        for one in ended:  # of a stopped host
            arn = one["containerInstanceArn"]
            self.ecs.deregister_container_instance(
                cluster=self.name, containerInstance=arn, force=True
            )
        until(self._deleted, 60)

    def _deleted(self) -> bool:
        """Whether nothing keeps the cluster any more."""
        try:
            self.ecs.delete_cluster(cluster=self.name)
        except ClientError as error:
            assert error.response["Error"]["Code"].startswith("ClusterContains")  # noqa: PT017
            return False
        return True


def left(instance: Json, name: str, which: str = "remainingResources") -> Any:  # noqa: ANN401
    """CPU, MEMORY: how much; PORTS: those in use."""
    one = next(one for one in instance[which] if one["name"] == name)
    return one["integerValue"] if one["type"] == "INTEGER" else set(one["stringSetValue"])


def attributes(instance: Json) -> dict[str, str | None]:
    return {one["name"]: one.get("value") for one in instance["attributes"]}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
