"""Capacity providers of a test's own, each with its Auto Scaling group, in a cluster of its own."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Client
from tests.conformance.grouping import Grouping
from tests.conformance.place import Place
from tests.conformance.serving import Served
from tests.conformance.waiting import until

Json = dict[str, Any]
CONFIGURE = "#!/bin/bash\necho ECS_CLUSTER={} >> /etc/ecs/ecs.config\n"


@dataclass
class Providing:
    aws: Aws
    place: Place
    name: str  # of the cluster, and what the names of all others begin with
    groups: dict[str, Grouping] = field(default_factory=dict)

    @property
    def ecs(self) -> Client:
        return self.aws.client("ecs")

    def group(self, which: str = "a", minimum: int = 0, maximum: int = 4, **more: Any) -> Grouping:  # noqa: ANN401 (boto3's)
        """Its instances register in the cluster."""
        made = Grouping(
            self.aws.client("autoscaling"),
            self.aws.client("ec2"),
            f"{self.name}-{which}",
            self.place.subnet_ids,
            self.place.image_id,
        )
        script = CONFIGURE.format(self.name).encode()
        made.template(
            UserData=base64.b64encode(script).decode(),
            IamInstanceProfile={"Arn": self.place.instance_profile_arn},
        )
        made.create(minimum, maximum, **more)
        self.groups[which] = made
        return made

    def create(self, which: str = "a", **settings: object) -> Json:
        """A provider of the group of that name, which is made if it is not there."""
        group = self.groups.get(which) or self.group(which)
        made = self.ecs.create_capacity_provider(
            name=group.name,
            autoScalingGroupProvider={
                "autoScalingGroupArn": group.shown()["AutoScalingGroupARN"],
                **settings,
            },
        )
        return dict(made["capacityProvider"])

    def update(self, which: str = "a", **settings: object) -> Json:
        made = self.ecs.update_capacity_provider(
            name=self.groups[which].name, autoScalingGroupProvider=settings
        )
        return dict(made["capacityProvider"])

    def shown(self, which: str = "a") -> Json:
        asked = [self.groups[which].name]
        found = self.ecs.describe_capacity_providers(capacityProviders=asked)
        return dict(found["capacityProviders"][0])

    def cluster(self) -> Json:
        found = self.ecs.describe_clusters(clusters=[self.name], include=["ATTACHMENTS"])
        return dict(found["clusters"][0])

    def put(self, *names: str, strategy: list[Json] | None = None) -> Json:
        made = self.ecs.put_cluster_capacity_providers(
            cluster=self.name,
            capacityProviders=list(names),
            defaultCapacityProviderStrategy=strategy or [],
        )
        return dict(made["cluster"])

    def attach(self, *which: str, strategy: list[Json] | None = None) -> Json:
        """The cluster, once they are."""
        self.put(*(self.groups[one].name for one in which), strategy=strategy)
        return self.attached()

    def attached(self) -> Json:
        def settled() -> Json | None:
            found = self.cluster()
            return None if found.get("attachmentsStatus") == "UPDATE_IN_PROGRESS" else found

        found = until(settled)
        assert found
        return found

    def item(self, which: str, **more: int) -> Json:
        """Of a strategy."""
        return {"capacityProvider": self.groups[which].name, "weight": 1, **more}

    def instances(self) -> list[Json]:
        listed = self.ecs.list_container_instances(cluster=self.name)["containerInstanceArns"]
        if not listed:
            return []
        found = self.ecs.describe_container_instances(cluster=self.name, containerInstances=listed)
        return list(found["containerInstances"])

    def registered(self, count: int) -> list[Json]:
        return until(lambda: (found := self.instances()) and len(found) == count and found, 30)

    @property
    def served(self) -> Served:
        return Served(self.ecs, self.name, self.place.image, self.name)

    def register(self, **container: object) -> str:
        return self.served.register(**container)  # type: ignore[arg-type]

    def run(self, **params: object) -> Json:
        params = {"taskDefinition": self.name, **params}
        if not self.ecs.list_task_definitions(familyPrefix=self.name)["taskDefinitionArns"]:
            self.register()
        return dict(self.ecs.run_task(cluster=self.name, **params))

    def serve(self, count: int, **more: object) -> Json:
        return self.served.create(count, **more)  # type: ignore[arg-type]

    def update_service(self, **changes: object) -> Json:
        return self.served.update(**changes)

    def steady(self) -> Json:
        return self.served.steady()

    def said(self) -> str:
        """By the service's events."""
        return "\n".join(one["message"] for one in self.served.described()["events"])

    def tasks(self) -> list[Json]:
        """Of the service."""
        return self.served.tasks()

    def clean(self) -> None:
        for service in self._listed("services"):
            self.ecs.delete_service(cluster=self.name, service=service, force=True)
        for task in self._listed("tasks"):
            self.ecs.stop_task(cluster=self.name, task=task)
        until(lambda: not self.cluster()["activeServicesCount"])
        self.attached()
        until(self._detached)
        self.attached()
        for group in self.groups.values():
            self._delete(group.name)
            group.clean()
        until(lambda: not self.instances(), 30)
        self.ecs.delete_cluster(cluster=self.name)

    def _detached(self) -> bool:
        """False: some tasks have not ended yet."""
        try:
            self.put()
        except self.ecs.exceptions.ResourceInUseException:
            return False
        return True

    def _listed(self, what: str) -> list[str]:
        found = getattr(self.ecs, f"list_{what}")(cluster=self.name)
        return list(found[f"{what.removesuffix('s')}Arns"])

    def _delete(self, name: str) -> None:
        try:
            self.ecs.delete_capacity_provider(capacityProvider=name)
        except ClientError as error:
            assert "does not exist" in str(error)  # noqa: PT017
