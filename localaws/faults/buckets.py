"""Token buckets, and how large AWS's are: of an account in a region, as documented or reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Rate:
    burst: float
    per_second: float
    operations: tuple[str, ...] = ("*",)  # by pattern
    shared: bool = True  # by all these operations, or one bucket for each

    def takes(self, operation: str) -> bool:
        return any(fnmatchcase(operation, one) for one in self.operations)


# docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html: all of its table
_ECS = (
    Rate(
        20,
        1,
        (
            "CreateCluster",
            "DeleteCluster",
            "PutClusterCapacityProviders",
            "UpdateCluster",
            "UpdateClusterSettings",
        ),
    ),
    Rate(50, 20, ("DescribeClusters", "ListClusters")),
    Rate(20, 1, ("RegisterTaskDefinition", "DeregisterTaskDefinition")),
    Rate(50, 20, ("DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies")),
    Rate(5, 1, ("DeleteTaskDefinitions",)),
    Rate(10, 1, ("CreateCapacityProvider", "DeleteCapacityProvider", "UpdateCapacityProvider")),
    Rate(50, 20, ("DescribeCapacityProviders",)),
    Rate(20, 10, ("TagResource", "UntagResource")),
    Rate(50, 20, ("ListTagsForResource",)),
    Rate(10, 1, ("DeleteAccountSetting", "PutAccountSetting", "PutAccountSettingDefault")),
    Rate(50, 20, ("ListAccountSettings",)),
    Rate(
        100,
        40,
        (
            "DeleteAttributes",
            "DeregisterContainerInstance",
            "ExecuteCommand",
            "PutAttributes",
            "RunTask",
            "StartTask",
            "StopTask",
            "UpdateContainerAgent",
            "UpdateContainerInstancesState",
        ),
    ),
    Rate(
        100,
        20,
        (
            "DescribeContainerInstances",
            "DescribeTasks",
            "ListAttributes",
            "ListContainerInstances",
            "ListTasks",
        ),
    ),
    Rate(200, 120, ("RegisterContainerInstance", "Submit*")),
    Rate(50, 5, ("CreateService", "UpdateService", "DeleteService")),
    Rate(100, 20, ("DescribeServices", "ListServices")),
    Rate(50, 20, ("DescribeServiceDeployments", "ListServiceDeployments")),
    Rate(50, 20, ("DescribeServiceRevisions",)),
    Rate(200, 80, ("UpdateTaskProtection", "GetTaskProtection")),
    Rate(10, 1, ("ListServicesByNamespace",)),
)
# docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
_ELBV2 = (Rate(40, 10, ("Describe*",)),)
# no figure of AWS's: aws/aws-sam-cli#2671 reports what support said
_CLOUDFORMATION = (Rate(5, 5, ("Describe*", "List*", "Get*"), shared=False),)
# docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
_EC2 = (Rate(100, 20, ("Describe*",), shared=False),)
# docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
_ROUTE53 = (
    Rate(50, 10),
    Rate(40, 2, ("CreateHostedZone",)),
    Rate(50, 0.5, ("CreateHealthCheck",)),
)

OF_AWS = {
    "ecs": _ECS,
    "elbv2": _ELBV2,
    "cloudformation": _CLOUDFORMATION,
    "ec2": _EC2,
    "route53": _ROUTE53,
}


@dataclass
class Bucket:
    rate: Rate
    tokens: float
    at: datetime

    def fill(self, now: datetime) -> None:
        passed = (now - self.at).total_seconds()
        self.tokens = min(self.rate.burst, self.tokens + passed * self.rate.per_second)
        self.at = now


class Buckets:
    def __init__(self, own: Rate | None = None) -> None:
        """`own` stands in place of AWS's."""
        self._own = own
        self._buckets: dict[tuple[Rate, str], Bucket] = {}

    def take(self, service: str, operation: str, now: datetime) -> bool:
        """A token of each bucket that concerns this, or none at all."""
        found = list(self._concerned(service, operation, now))
        for bucket in found:
            bucket.fill(now)
        if any(bucket.tokens < 1 for bucket in found):
            return False
        for bucket in found:
            bucket.tokens -= 1
        return True

    def _concerned(self, service: str, operation: str, now: datetime) -> Iterator[Bucket]:
        for rate in (self._own,) if self._own else OF_AWS.get(service, ()):
            if rate.takes(operation):
                key = rate, "" if rate.shared else operation
                yield self._buckets.setdefault(key, Bucket(rate, rate.burst, now))
