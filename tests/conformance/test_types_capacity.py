"""Resource types of capacity providers, and of the clusters that have them."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.place import Place
from tests.conformance.stacking import Json, Stacking, body

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
TEMPLATE = {
    "Type": "AWS::EC2::LaunchTemplate",
    "Properties": {
        "LaunchTemplateData": {"InstanceType": "t3.micro", "ImageId": "ami-12c6146b"},
    },
}
OWNED = [{"Key": "owner", "Value": "bob"}]


def _group() -> Json:
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    properties = {
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": version},
        "AvailabilityZones": [{"Fn::Select": [0, {"Fn::GetAZs": ""}]}],
        "MinSize": "0",
        "MaxSize": "2",
    }
    return {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties}


def _provider(group: str, **more: object) -> Json:
    """A group is named by its Ref, as templates do."""
    return {"AutoScalingGroupProvider": {"AutoScalingGroupArn": {"Ref": group}, **more}}


def provider(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ecs").describe_capacity_providers(
        capacityProviders=[id_], include=["TAGS"]
    )["capacityProviders"]
    alive = [one for one in found if one["status"] == "ACTIVE"]
    if not alive:
        return None
    settings, tags = alive[0]["autoScalingGroupProvider"], alive[0]["tags"]
    return {
        "target": settings["managedScaling"]["targetCapacity"],
        "draining": settings["managedDraining"],
        "owner": next((one["value"] for one in tags if one["key"] == "owner"), None),
    }


def associations(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ecs").describe_clusters(clusters=[id_], include=["ATTACHMENTS"])
    alive = [one for one in found["clusters"] if one["capacityProviders"]]
    if not alive:
        return None
    shown = alive[0]["defaultCapacityProviderStrategy"]
    return {
        "providers": sorted(alive[0]["capacityProviders"]),
        "strategy": {one["capacityProvider"]: one["weight"] for one in shown},
        "attachments": alive[0]["attachmentsStatus"],
    }


def _associated(*names: str, **weights: int) -> Json:
    strategy = [{"CapacityProvider": name, "Weight": weight} for name, weight in weights.items()]
    return {
        "Cluster": {"Ref": "Cluster"},
        "CapacityProviders": list(names),
        "DefaultCapacityProviderStrategy": strategy,
    }


SCALING = {"Status": "ENABLED", "TargetCapacity": 90}
COMPLETE = {"attachments": "UPDATE_COMPLETE"}
LIVES = [
    Life(
        "AWS::ECS::CapacityProvider",
        provider,
        Step(_provider("Group"), {"target": 100, "draining": "ENABLED"}),
        Step(
            _provider("Group", ManagedScaling=SCALING, ManagedDraining="DISABLED")
            | {"Tags": OWNED},
            {"target": 90, "draining": "DISABLED", "owner": "bob"},
        ),
        Step(_provider("Other", ManagedScaling=SCALING), {"target": 90, "owner": None}),
        beside={"Template": TEMPLATE, "Group": _group(), "Other": _group()},
    ),
    Life(
        "AWS::ECS::ClusterCapacityProviderAssociations",
        associations,
        Step(_associated("FARGATE", FARGATE=1), {"providers": ["FARGATE"], **COMPLETE}),
        Step(
            _associated("FARGATE", "FARGATE_SPOT", FARGATE_SPOT=3),
            {"providers": ["FARGATE", "FARGATE_SPOT"], "strategy": {"FARGATE_SPOT": 3}, **COMPLETE},
        ),
        beside={"Cluster": {"Type": "AWS::ECS::Cluster"}},
    ),
    Life(
        "AWS::ECS::Cluster",
        associations,
        Step({"CapacityProviders": ["FARGATE"]}, {"providers": ["FARGATE"], **COMPLETE}),
        Step(
            {
                "CapacityProviders": ["FARGATE_SPOT"],
                "DefaultCapacityProviderStrategy": [
                    {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}
                ],
                "ClusterSettings": [{"Name": "containerInsights", "Value": "disabled"}],
            },
            {"providers": ["FARGATE_SPOT"], "strategy": {"FARGATE_SPOT": 1}, **COMPLETE},
        ),
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Capacity providers and their associations with a cluster are created, changed in place, "
    "replaced where a create-only property changes, and deleted.",
    REFERENCE
    + "aws-resource-ecs-capacityprovider.html "
    + REFERENCE
    + "aws-resource-ecs-clustercapacityproviderassociations.html",
)
def test_capacity(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "A stack makes a group, its capacity provider, and a cluster that has it and Fargate's; when "
    "it is complete they are attached, and nothing is left of them when it is deleted.",
    REFERENCE
    + "aws-resource-ecs-clustercapacityproviderassociations.html aws/containers-roadmap#631",
)
def test_a_cluster_with_its_providers(aws: Aws, stacking: Stacking) -> None:
    provided = {"Ref": "Provider"}
    resources = {
        "Template": TEMPLATE,
        "Group": _group(),
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Provider": {
            "Type": "AWS::ECS::CapacityProvider",
            "Properties": _provider("Group", ManagedScaling=SCALING),
        },
        "Associations": {
            "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "CapacityProviders": ["FARGATE", provided],
                "DefaultCapacityProviderStrategy": [{"CapacityProvider": provided, "Weight": 1}],
            },
        },
    }

    assert stacking.create(body(resources)) == "CREATE_COMPLETE", stacking.reasons()

    ids = stacking.physical_ids()
    shown = aws.client("ecs").describe_clusters(clusters=[ids["Cluster"]], include=["ATTACHMENTS"])
    cluster = shown["clusters"][0]
    assert cluster["attachmentsStatus"] == "UPDATE_COMPLETE"
    assert {one["status"] for one in cluster["attachments"]} == {"CREATED"}
    groups = aws.client("autoscaling")
    assert len(groups.describe_policies(AutoScalingGroupName=ids["Group"])["ScalingPolicies"]) == 1
    stacking.delete()
    assert provider(aws, ids["Provider"]) is None


@fact(
    "A service of a stack runs on the instances of the stack's own capacity provider, moves when "
    "its strategy changes, and goes before its provider is taken from the cluster.",
    REFERENCE + "aws-resource-ecs-service.html aws/containers-roadmap#631",
)
def test_a_service_on_its_stacks_provider(aws: Aws, place: Place, stacking: Stacking) -> None:
    def template(weight: int) -> str:
        script = "#!/bin/bash\necho ECS_CLUSTER=${Cluster} >> /etc/ecs/ecs.config\n"
        launched = {
            "InstanceType": "t3.micro",
            "ImageId": place.image_id,
            "IamInstanceProfile": {"Arn": place.instance_profile_arn},
            "UserData": {"Fn::Base64": {"Fn::Sub": script}},
        }
        group = _group()
        group["Properties"] |= {"MinSize": "1", "VPCZoneIdentifier": list(place.subnet_ids)}
        del group["Properties"]["AvailabilityZones"]
        container = {
            "Name": "main",
            "Image": place.image,
            "Command": ["sh", "-c", "exec sleep 3600"],
            "Memory": 32,
        }
        item = {"CapacityProvider": {"Ref": "Provider"}, "Weight": weight}
        return body(
            {
                "Cluster": {"Type": "AWS::ECS::Cluster"},
                "Template": {
                    "Type": "AWS::EC2::LaunchTemplate",
                    "Properties": {"LaunchTemplateData": launched},
                },
                "Group": group,
                "Provider": {
                    "Type": "AWS::ECS::CapacityProvider",
                    "Properties": _provider("Group", ManagedScaling=SCALING),
                },
                "Associations": {
                    "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
                    "Properties": {
                        "Cluster": {"Ref": "Cluster"},
                        "CapacityProviders": [{"Ref": "Provider"}],
                        "DefaultCapacityProviderStrategy": [],
                    },
                },
                "Definition": {
                    "Type": "AWS::ECS::TaskDefinition",
                    "Properties": {"ContainerDefinitions": [container]},
                },
                "Service": {
                    "Type": "AWS::ECS::Service",
                    "DependsOn": "Associations",
                    "Properties": {
                        "Cluster": {"Ref": "Cluster"},
                        "TaskDefinition": {"Ref": "Definition"},
                        "DesiredCount": 2,
                        "CapacityProviderStrategy": [item],
                    },
                },
            }
        )

    assert stacking.create(template(1)) == "CREATE_COMPLETE", stacking.reasons()

    ids, ecs = stacking.physical_ids(), aws.client("ecs")
    arns = ecs.list_tasks(cluster=ids["Cluster"])["taskArns"]
    tasks = ecs.describe_tasks(cluster=ids["Cluster"], tasks=arns)["tasks"]
    assert [one["capacityProviderName"] for one in tasks] == [ids["Provider"]] * 2
    assert stacking.update(template(5)) == "UPDATE_COMPLETE", stacking.reasons()
    found = ecs.describe_services(cluster=ids["Cluster"], services=[ids["Service"]])
    strategy = found["services"][0]["capacityProviderStrategy"]
    assert [one["weight"] for one in strategy] == [5]
    stacking.delete()
    assert provider(aws, ids["Provider"]) is None


@fact(
    "A second set of associations for a cluster that has one is refused.",
    "aws/aws-cdk#14730",
)
def test_a_cluster_has_one_set_of_associations(stacking: Stacking) -> None:
    kind = "AWS::ECS::ClusterCapacityProviderAssociations"
    resources = {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "One": {"Type": kind, "Properties": _associated("FARGATE", FARGATE=1)},
        "Two": {"Type": kind, "Properties": _associated("FARGATE", FARGATE=1), "DependsOn": "One"},
    }

    assert stacking.create(body(resources)) == "ROLLBACK_COMPLETE"

    reasons = stacking.reasons()
    assert "The cluster already contains capacity provider associations" in reasons
