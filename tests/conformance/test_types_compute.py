"""Resource types of what runs: clusters, task definitions, services, load balancers, groups"""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking, body

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
QUEUE = {"Type": "AWS::SQS::Queue"}
NAME = {"Fn::Sub": "${AWS::StackName}-b"}


def cluster(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ecs").describe_clusters(clusters=[id_], include=["TAGS"])["clusters"]
    alive = [one for one in found if one["status"] == "ACTIVE"]
    tags = {tag["key"]: tag["value"] for tag in alive[0]["tags"]} if alive else {}
    return {"owner": tags.get("owner")} if alive else None


def definition(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ecs").describe_task_definition(taskDefinition=id_)["taskDefinition"]
    if found["status"] != "ACTIVE":
        return None
    return {"revision": found["revision"], "memory": found["containerDefinitions"][0]["memory"]}


def rule(aws: Aws, id_: str) -> Json:
    events = aws.client("events")
    found = events.describe_rule(Name=id_)
    targets = events.list_targets_by_rule(Rule=id_)["Targets"]
    return {"state": found["State"], "targets": sorted(one["Id"] for one in targets)}


def group(aws: Aws, id_: str) -> Json | None:
    found = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[id_])
    alive = found["AutoScalingGroups"]
    if not alive:
        return None
    tags = [one for one in alive[0]["Tags"] if not one["Key"].startswith("aws:")]
    return {"most": alive[0]["MaxSize"], "tags": len(tags)}


def _definition(memory: int) -> Json:
    container = {"Name": "main", "Image": "busybox", "Memory": memory}
    return {"Family": {"Ref": "AWS::StackName"}, "ContainerDefinitions": [container]}


def _rule(*targets: str, **more: object) -> Json:
    arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    aimed = [{"Id": one, "Arn": arn} for one in targets]
    return {"EventPattern": {"source": ["aws.ecs"]}, "Targets": aimed, **more}


def _group(most: int, **more: object) -> Json:
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    template = {"LaunchTemplateId": {"Ref": "Template"}, "Version": version}
    zones = [{"Fn::Select": [0, {"Fn::GetAZs": ""}]}]
    sizes = {"MinSize": "0", "MaxSize": str(most)}
    return {"LaunchTemplate": template, "AvailabilityZones": zones, **sizes, **more}


TEMPLATE = {
    "Type": "AWS::EC2::LaunchTemplate",
    "Properties": {
        "LaunchTemplateData": {"InstanceType": "t3.micro", "ImageId": "ami-12c6146b"},
    },
}
OWNED = [{"Key": "owner", "Value": "bob"}]

LIVES = [
    Life(
        "AWS::ECS::Cluster",
        cluster,
        Step({}, {"owner": None}),
        Step({"Tags": OWNED}, {"owner": "bob"}),
        Step({"ClusterName": NAME}, {"owner": None}),
        attributes={"Arn": "arn:aws:ecs:"},
    ),
    Life(
        "AWS::ECS::TaskDefinition",
        definition,
        Step(_definition(64), {"revision": 1, "memory": 64}),
        replaced=Step(_definition(128), {"revision": 2, "memory": 128}),
        attributes={"TaskDefinitionArn": "arn:aws:ecs:"},
    ),
    Life(
        "AWS::Events::Rule",
        rule,
        Step(_rule("a"), {"state": "ENABLED", "targets": ["a"]}),
        Step(_rule("b", "c", State="DISABLED"), {"state": "DISABLED", "targets": ["b", "c"]}),
        Step(_rule("a", Name=NAME), {"targets": ["a"]}),
        beside={"Queue": QUEUE},
        attributes={"Arn": "arn:aws:events:"},
    ),
    Life(
        "AWS::AutoScaling::AutoScalingGroup",
        group,
        Step(_group(1), {"most": 1, "tags": 0}),
        Step(
            _group(2, Tags=[OWNED[0] | {"PropagateAtLaunch": True}]),
            {"most": 2, "tags": 1},
        ),
        Step(_group(2, AutoScalingGroupName=NAME), {"most": 2}),
        beside={"Template": TEMPLATE},
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Clusters, task definitions, rules of events and Auto Scaling groups are created, changed in "
    "place, replaced where a create-only property changes, and deleted.",
    REFERENCE + "AWS_ECS.html",
)
def test_what_runs(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "A service is complete once its tasks run, follows its task definition, scales, and is gone "
    "with its stack.",
    REFERENCE + "aws-resource-ecs-service.html",
)
def test_a_service_is_stable_when_its_resource_is_complete(
    aws: Aws, place: Place, stacking: Stacking
) -> None:
    def template(memory: int, count: int) -> str:
        container = {
            "Name": "main",
            "Image": place.image,
            "Command": ["sh", "-c", "exec sleep 3600"],
            "Cpu": 16,
            "Memory": memory,
        }
        target = {"Fn::Sub": f"service/{place.cluster}/${{Service.Name}}"}
        return body(
            {
                "Definition": {
                    "Type": "AWS::ECS::TaskDefinition",
                    "Properties": {"ContainerDefinitions": [container]},
                },
                "Service": {
                    "Type": "AWS::ECS::Service",
                    "Properties": {
                        "Cluster": place.cluster,
                        "TaskDefinition": {"Ref": "Definition"},
                        "DesiredCount": count,
                    },
                },
                "Target": {
                    "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                    "Properties": {
                        "ServiceNamespace": "ecs",
                        "ScalableDimension": "ecs:service:DesiredCount",
                        "ResourceId": target,
                        "MinCapacity": 1,
                        "MaxCapacity": 4,
                    },
                },
            }
        )

    def service() -> Json:
        arn = stacking.physical_ids()["Service"]
        found = aws.client("ecs").describe_services(cluster=place.cluster, services=[arn])
        return dict(found["services"][0])

    assert stacking.create(template(32, 1)) == "CREATE_COMPLETE", stacking.reasons()
    assert service()["runningCount"] == 1
    before = stacking.physical_ids()

    assert stacking.update(template(48, 2)) == "UPDATE_COMPLETE", stacking.reasons()
    after = stacking.physical_ids()
    assert after["Service"] == before["Service"]
    assert after["Definition"] != before["Definition"]
    assert service()["taskDefinition"] == after["Definition"]
    assert service()["runningCount"] == 2

    stacking.delete()
    found = aws.client("ecs").describe_services(cluster=place.cluster, services=[before["Service"]])
    assert [one["status"] for one in found["services"]] in ([], ["INACTIVE"])


@fact(
    "A load balancer and its listener are created and deleted; Ref and GetAtt give what is "
    "documented.",
    REFERENCE + "aws-resource-elasticloadbalancingv2-loadbalancer.html",
)
def test_a_load_balancer(aws: Aws, place: Place, stacking: Stacking) -> None:
    def template(status: str) -> str:
        action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}
        resources = {
            "Balancer": {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Properties": {"Subnets": list(place.subnet_ids)},
            },
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "Balancer"},
                    "Port": 80,
                    "Protocol": "HTTP",
                    "DefaultActions": [action],
                },
            },
        }
        name = {"Fn::GetAtt": ["Balancer", "DNSName"]}
        return body(resources, Outputs={"Name": {"Value": name}})

    assert stacking.create(template("503")) == "CREATE_COMPLETE", stacking.reasons()
    elbv2, ids = aws.client("elbv2"), stacking.physical_ids()
    made = elbv2.describe_load_balancers(LoadBalancerArns=[ids["Balancer"]])["LoadBalancers"][0]
    assert stacking.outputs()["Name"] == made["DNSName"]

    assert stacking.update(template("404")) == "UPDATE_COMPLETE", stacking.reasons()
    assert stacking.physical_ids() == ids
    shown = elbv2.describe_listeners(ListenerArns=[ids["Listener"]])["Listeners"][0]
    assert shown["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"

    stacking.delete()
    with pytest.raises(elbv2.exceptions.LoadBalancerNotFoundException):
        elbv2.describe_load_balancers(LoadBalancerArns=[ids["Balancer"]])
