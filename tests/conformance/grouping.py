"""An Auto Scaling group of its own for a test, from a launch template of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.waiting import until

Client = Any  # boto3 makes its classes as it runs
Json = dict[str, Any]


@dataclass
class Grouping:
    autoscaling: Client
    ec2: Client
    name: str
    subnet_ids: tuple[str, ...]
    image_id: str

    def template(self, **data: object) -> None:
        """Named as the test; a new version of it where it is there already."""
        whole = {"ImageId": self.image_id, "InstanceType": "t3.micro", **data}
        try:
            self.ec2.create_launch_template(LaunchTemplateName=self.name, LaunchTemplateData=whole)
        except ClientError:
            self.ec2.create_launch_template_version(
                LaunchTemplateName=self.name, LaunchTemplateData=whole
            )

    def create(self, minimum: int, maximum: int, **more: Any) -> None:  # noqa: ANN401 (boto3's)
        """What is None is left out."""
        params = {
            "AutoScalingGroupName": self.name,
            "LaunchTemplate": {"LaunchTemplateName": self.name, "Version": "$Latest"},
            "MinSize": minimum,
            "MaxSize": maximum,
            "VPCZoneIdentifier": ",".join(self.subnet_ids),
            **more,
        }
        given = {name: value for name, value in params.items() if value is not None}
        self.autoscaling.create_auto_scaling_group(**given)

    def call(self, operation: str, **params: object) -> Json:
        """Of Auto Scaling, about this group."""
        act = getattr(self.autoscaling, operation)
        return dict(act(AutoScalingGroupName=self.name, **params))

    def scale(self, desired: int) -> None:
        self.call("set_desired_capacity", DesiredCapacity=desired)

    def shown(self) -> Json:
        found = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        return dict(found["AutoScalingGroups"][0])

    def instances(self, state: str = "InService") -> list[str]:
        return [
            one["InstanceId"] for one in self.shown()["Instances"] if one["LifecycleState"] == state
        ]

    def settled(self, count: int) -> list[str]:
        """The instances, once there are so many in service and no others."""

        def holds() -> bool:
            states = [one["LifecycleState"] for one in self.shown()["Instances"]]
            return states == ["InService"] * count and self.idle()

        until(holds, 30)
        return self.instances()

    def idle(self) -> bool:
        return all("EndTime" in one for one in self.activities())

    def activities(self) -> list[Json]:
        """Newest first."""
        found = self.autoscaling.describe_scaling_activities(AutoScalingGroupName=self.name)
        return list(found["Activities"])

    def activity(self, begins: str) -> Json:
        """The newest whose description begins so, once it is over."""

        def over() -> Json | None:
            found = [one for one in self.activities() if one["Description"].startswith(begins)]
            return found[0] if found and "EndTime" in found[0] else None

        return until(over)

    def states(self, instance_ids: Iterable[str]) -> set[str]:
        """What EC2 says of them."""
        found = self.ec2.describe_instances(InstanceIds=list(instance_ids))["Reservations"]
        return {one["State"]["Name"] for each in found for one in each["Instances"]}

    def until(self, holds: Callable[[Json], object]) -> Json:
        return until(lambda: (one := self.shown()) and holds(one) and one)

    def clean(self) -> None:
        try:
            self.call("delete_auto_scaling_group", ForceDelete=True)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ValidationError"  # noqa: PT017
        try:
            self.ec2.delete_launch_template(LaunchTemplateName=self.name)
        except ClientError as error:
            assert "NotFound" in error.response["Error"]["Code"]  # noqa: PT017
