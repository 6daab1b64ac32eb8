"""Capacity providers of ECS, and the clusters that have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.place import Place
from tests.conformance.providing import Json, Providing
from tests.conformance.refusing import refusal
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
EXAMPLES = "https://github.com/aws/aws-cli/blob/develop/awscli/examples/ecs/"
TERRAFORM = (
    "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/"
    "capacity_provider_test.go"
)
SCALING = {"managedScaling": {"status": "ENABLED", "instanceWarmupPeriod": 0}}


@pytest.fixture
def providing(aws: Aws, place: Place, name: str) -> Iterator[Providing]:
    aws.client("ecs").create_cluster(clusterName=name)
    of_the_test = Providing(aws, place, name)
    yield of_the_test
    of_the_test.clean()


@fact(
    "A new capacity provider has managed draining and no managed scaling: target 100, steps from 1 "
    "to 10000, 300 seconds of warm-up. Its group is tagged AmazonECSManaged.",
    f"{TERRAFORM} {GUIDE}cluster-auto-scaling.html",
)
def test_a_provider_has_defaults(providing: Providing) -> None:
    made = providing.create()

    group = providing.groups["a"].shown()
    assert made["status"] == "ACTIVE"
    assert made["capacityProviderArn"].endswith(f":capacity-provider/{providing.name}-a")
    assert made["autoScalingGroupProvider"] == {
        "autoScalingGroupArn": group["AutoScalingGroupARN"],
        "managedScaling": {
            "status": "DISABLED",
            "targetCapacity": 100,
            "minimumScalingStepSize": 1,
            "maximumScalingStepSize": 10000,
            "instanceWarmupPeriod": 300,
        },
        "managedTerminationProtection": "DISABLED",
        "managedDraining": "ENABLED",
    }
    assert "AmazonECSManaged" in {one["Key"] for one in group["Tags"]}


@fact(
    "DescribeCapacityProviders without names gives all of them, those of Fargate too, ten at a "
    "time; with names a failure for each that is MISSING.",
    f"{EXAMPLES}describe-capacity-providers.rst {API}API_DescribeCapacityProviders.html",
)
def test_all_providers_are_described(providing: Providing) -> None:
    providing.create()
    names, token = set[str](), {}

    while True:
        page = providing.ecs.describe_capacity_providers(**token)
        assert len(page["capacityProviders"]) <= 10
        names |= {one["name"] for one in page["capacityProviders"]}
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}

    assert names >= {"FARGATE", "FARGATE_SPOT", f"{providing.name}-a"}
    asked = ["FARGATE", f"{providing.name}-a", f"{providing.name}-none"]
    found = providing.ecs.describe_capacity_providers(capacityProviders=asked)
    assert {one["name"] for one in found["capacityProviders"]} == set(asked[:2])
    assert [one["reason"] for one in found["failures"]] == ["MISSING"]


@fact(
    "Tags of a capacity provider are shown when they are asked for.",
    f"{API}API_DescribeCapacityProviders.html",
)
def test_a_provider_has_tags(providing: Providing) -> None:
    made = providing.create()
    tags = [{"key": "team", "value": "a"}]
    providing.ecs.tag_resource(resourceArn=made["capacityProviderArn"], tags=tags)

    def shown(*include: str) -> list[Json]:
        found = providing.ecs.describe_capacity_providers(
            capacityProviders=[made["name"]], include=list(include)
        )
        return list(found["capacityProviders"][0]["tags"])

    assert (shown(), shown("TAGS")) == ([], tags)


@fact(
    "An update is UPDATE_IN_PROGRESS, then UPDATE_COMPLETE; what it does not name stays.",
    f"{GUIDE}enable-managed-instance-draining.html",
)
def test_a_provider_is_updated(providing: Providing) -> None:
    providing.create(managedScaling={"status": "ENABLED", "targetCapacity": 90})

    answered = providing.update(managedScaling={"targetCapacity": 80}, managedDraining="DISABLED")

    assert answered["updateStatus"] == "UPDATE_IN_PROGRESS"
    assert answered["autoScalingGroupProvider"]["managedDraining"] == "ENABLED"
    shown = until(lambda: (one := providing.shown())["updateStatus"] == "UPDATE_COMPLETE" and one)
    settings = shown["autoScalingGroupProvider"]
    scaling = settings["managedScaling"]
    assert (scaling["status"], scaling["targetCapacity"]) == ("ENABLED", 80)
    assert settings["managedDraining"] == "DISABLED"


@fact(
    "A deleted provider is DELETE_IN_PROGRESS, then INACTIVE, and its name and group are free.",
    f"{EXAMPLES}delete-capacity-provider.rst {API}API_DeleteCapacityProvider.html",
)
def test_a_provider_is_deleted(providing: Providing) -> None:
    made = providing.create()

    deleted = providing.ecs.delete_capacity_provider(capacityProvider=made["capacityProviderArn"])

    provider = deleted["capacityProvider"]
    assert (provider["status"], provider["updateStatus"]) == ("ACTIVE", "DELETE_IN_PROGRESS")
    until(lambda: providing.shown()["status"] == "INACTIVE")
    assert providing.shown()["updateStatus"] == "DELETE_COMPLETE"
    assert providing.create()["status"] == "ACTIVE"


@fact(
    "A provider that a cluster has is not deleted: its updateStatus becomes DELETE_FAILED.",
    f"{TERRAFORM} ekristen/aws-nuke#542",
)
def test_an_associated_provider_is_not_deleted(providing: Providing) -> None:
    name = providing.create()["name"]
    providing.attach("a")

    provider = providing.ecs.delete_capacity_provider(capacityProvider=name)["capacityProvider"]

    assert provider["updateStatus"] == "DELETE_FAILED"
    assert provider["updateStatusReason"] == (
        "The capacity provider cannot be deleted because it is associated with cluster: "
        f"{providing.name}. Remove the capacity provider from the cluster and try again."
    )


@fact(
    "A name that is in use, one that begins with aws, ecs or fargate, and a group that another "
    "provider has are refused.",
    "aws/containers-roadmap#688 aws/aws-cdk#29151 aws/containers-roadmap#632",
)
def test_providers_are_refused(providing: Providing) -> None:
    made = providing.create()
    create = providing.ecs.create_capacity_provider
    group = {"autoScalingGroupArn": made["autoScalingGroupProvider"]["autoScalingGroupArn"]}

    def refused(name: str) -> tuple[str, str]:
        return refusal(create, name=name, autoScalingGroupProvider=group)

    assert refused(made["name"]) == (
        "ClientException",
        "The specified capacity provider already exists. To change the configuration of an "
        "existing capacity provider, update the capacity provider.",
    )
    for name in ("aws-one", "ECS-one", "fargate1", "a b"):
        code, message = refused(name)
        assert code == "ClientException"
        assert message.startswith("The specified capacity provider name is invalid. Up to 255 ")
    assert refused(f"{providing.name}-other") == (
        "ClientException",
        "The specified Auto Scaling group ARN is already being used by another capacity provider. "
        "Specify a unique Auto Scaling group ARN and try again.",
    )


@fact(
    "Managed termination protection needs a group that protects its new instances from scale-in.",
    f"ansible/ansible#68625 {GUIDE}managed-termination-protection.html",
)
def test_protection_needs_a_protecting_group(providing: Providing) -> None:
    code, message = refusal(providing.create, managedTerminationProtection="ENABLED", **SCALING)

    assert code == "ClientException"
    assert message == (
        "The managed termination protection setting for the capacity provider is invalid. To "
        "enable managed termination protection for a capacity provider, the Auto Scaling group "
        "must have instance protection from scale in enabled."
    )
    providing.group("b", NewInstancesProtectedFromScaleIn=True)
    made = providing.create("b", managedTerminationProtection="ENABLED", **SCALING)
    assert made["autoScalingGroupProvider"]["managedTerminationProtection"] == "ENABLED"


@fact(
    "What is not there cannot be deleted.",
    "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/"
    "capacity_provider.go",
)
def test_an_unknown_provider(aws: Aws, name: str) -> None:
    assert refusal(aws.client("ecs").delete_capacity_provider, capacityProvider=name) == (
        "ClientException",
        "The specified capacity provider does not exist. Specify a valid name or ARN and try "
        "again.",
    )


@fact(
    "Attaching a provider with managed scaling and draining makes a target tracking policy of "
    "CapacityProviderReservation and a lifecycle hook, shown as attachments of the cluster; "
    "detaching it takes them away.",
    f"{EXAMPLES}put-cluster-capacity-providers.rst {EXAMPLES}describe-clusters.rst "
    f"{GUIDE}enable-managed-instance-draining.html {GUIDE}cluster-auto-scaling.html",
)
def test_attachments(providing: Providing) -> None:
    providing.create(managedScaling={"status": "ENABLED", "targetCapacity": 90})
    group = providing.groups["a"]

    put = providing.put(group.name, strategy=[{"capacityProvider": group.name, "weight": 1}])

    assert put["attachmentsStatus"] == "UPDATE_IN_PROGRESS"
    assert put["capacityProviders"] == [group.name]
    assert put["defaultCapacityProviderStrategy"] == [
        {"capacityProvider": group.name, "weight": 1, "base": 0}
    ]
    shown = providing.attached()
    assert shown["attachmentsStatus"] == "UPDATE_COMPLETE"
    assert {(one["type"], one["status"]) for one in shown["attachments"]} == {
        ("as_policy", "CREATED"),
        ("managed_draining", "CREATED"),
    }
    details = {one["name"]: one["value"] for it in shown["attachments"] for one in it["details"]}
    assert details["capacityProviderName"] == group.name
    policy = group.call("describe_policies")["ScalingPolicies"][0]
    assert policy["PolicyName"] == details["scalingPolicyName"]
    assert policy["PolicyName"].startswith("ECSManagedAutoScalingPolicy-")
    tracking = policy["TargetTrackingConfiguration"]
    assert tracking["TargetValue"] == 90
    assert tracking["CustomizedMetricSpecification"] == {
        "MetricName": "CapacityProviderReservation",
        "Namespace": "AWS/ECS/ManagedScaling",
        "Dimensions": [
            {"Name": "CapacityProviderName", "Value": group.name},
            {"Name": "ClusterName", "Value": providing.name},
        ],
        "Statistic": "Average",
    }
    hook = group.call("describe_lifecycle_hooks")["LifecycleHooks"][0]
    assert hook["LifecycleHookName"] == details["autoScalingLifecycleHookName"]
    assert hook["LifecycleHookName"] == "ecs-managed-draining-termination-hook"
    assert (hook["DefaultResult"], hook["HeartbeatTimeout"]) == ("CONTINUE", 3600)

    providing.put()
    assert providing.attached()["attachments"] == []
    assert group.call("describe_policies")["ScalingPolicies"] == []
    assert group.call("describe_lifecycle_hooks")["LifecycleHooks"] == []


@fact(
    "The policy of an attached provider follows its target, and goes when its scaling ends or its "
    "cluster is deleted.",
    f"{GUIDE}cluster-auto-scaling.html",
)
def test_a_policy_follows_its_provider(providing: Providing) -> None:
    providing.group(maximum=0)  # a target below 100 wants an instance to spare
    providing.create(**SCALING)
    providing.attach("a")
    group = providing.groups["a"]

    def targets() -> list[float]:
        found = group.call("describe_policies")["ScalingPolicies"]
        return [one["TargetTrackingConfiguration"]["TargetValue"] for one in found]

    providing.update(managedScaling={"targetCapacity": 70})
    until(lambda: targets() == [70])
    providing.update(managedScaling={"status": "DISABLED"})
    until(lambda: targets() == [])
    providing.update(managedScaling={"status": "ENABLED"})
    until(lambda: targets() == [70])
    providing.attached()
    providing.ecs.delete_cluster(cluster=providing.name)
    until(lambda: targets() == [])
    providing.ecs.create_cluster(clusterName=providing.name)


@fact(
    "While attachments are UPDATE_IN_PROGRESS a cluster's providers cannot be put again.",
    f"{API}API_PutClusterCapacityProviders.html",
)
def test_a_busy_cluster(providing: Providing) -> None:
    providing.create()
    providing.put(providing.groups["a"].name)

    assert refusal(providing.put) == (
        "UpdateInProgressException",
        "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE "
        "or UPDATE_FAILED state before they can be updated.",
    )


@fact(
    "A cluster's providers must be there, its default strategy must be of them, and not of Fargate "
    "and groups at once.",
    "terraform-aws-modules/terraform-aws-ecs#53 dask/dask-cloudprovider#328 "
    "terraform-aws-modules/terraform-aws-ecs#68",
)
def test_associations_are_refused(providing: Providing) -> None:
    providing.create()
    name = providing.groups["a"].name
    mine, fargate = ({"capacityProvider": one, "weight": 1} for one in (name, "FARGATE"))

    assert refusal(providing.put, f"{name}-none") == (
        "InvalidParameterException",
        "The specified capacity provider was not found. Specify a valid capacity provider and try "
        "again.",
    )
    assert refusal(providing.put, "FARGATE", strategy=[mine]) == (
        "InvalidParameterException",
        "The specified capacity provider strategy cannot contain a capacity provider that is not "
        "associated with the cluster. Associate the capacity provider with the cluster or specify "
        "a valid capacity provider and try again.",
    )
    assert refusal(providing.put, name, "FARGATE", strategy=[mine, fargate]) == (
        "InvalidParameterException",
        "A capacity provider strategy cannot contain a mix of capacity providers using Auto "
        "Scaling groups and Fargate providers. Specify one or the other and try again.",
    )


@fact(
    "A cluster may be created with its providers; created again with others it is refused.",
    f"{API}API_CreateCluster.html hashicorp/terraform#24615",
)
def test_a_cluster_is_created_with_providers(aws: Aws, name: str) -> None:
    ecs = aws.client("ecs")
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]

    made = ecs.create_cluster(
        clusterName=name,
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=strategy,
    )["cluster"]

    assert made["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert made["defaultCapacityProviderStrategy"] == strategy
    assert refusal(ecs.create_cluster, clusterName=name, capacityProviders=["FARGATE"]) == (
        "InvalidParameterException",
        "Arguments on this idempotent request are inconsistent with arguments used in previous "
        "request(s).",
    )
    ecs.delete_cluster(cluster=name)


@fact(
    "The instances of a provider's group are the provider's: those that it launched before it was "
    "attached, and those that it launches then.",
    f"{API}API_ContainerInstance.html {GUIDE}asg-capacity-providers.html",
)
def test_instances_have_their_provider(providing: Providing) -> None:
    group = providing.group(minimum=1)
    providing.create()
    assert "capacityProviderName" not in providing.registered(1)[0]

    providing.attach("a")
    group.scale(2)

    names = [one["capacityProviderName"] for one in providing.registered(2)]
    assert names == [group.name, group.name]


@fact(
    "An instance that its group terminates is drained, and terminated once no task is left on it.",
    f"{GUIDE}managed-instance-draining.html",
)
def test_managed_draining(providing: Providing) -> None:
    group = providing.group(minimum=1)
    providing.create()
    providing.attach("a")
    instance = providing.registered(1)[0]
    container = {"name": "main", "image": providing.place.image, "memory": 32}
    container |= {"command": ["sh", "-c", "exec sleep 3600"]}  # type: ignore[dict-item]
    providing.ecs.register_task_definition(family=providing.name, containerDefinitions=[container])
    task = providing.ecs.start_task(
        cluster=providing.name,
        taskDefinition=providing.name,
        containerInstances=[instance["containerInstanceArn"]],
    )["tasks"][0]["taskArn"]

    group.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=group.name, MinSize=0, DesiredCapacity=0
    )

    until(lambda: providing.instances()[0]["status"] == "DRAINING")
    states = [one["LifecycleState"] for one in group.shown()["Instances"]]
    assert states == ["Terminating:Wait"]
    providing.ecs.stop_task(cluster=providing.name, task=task)
    group.settled(0)
    until(lambda: providing.instances() == [])
