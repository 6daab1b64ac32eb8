"""Resource types that scale: hooks and policies of groups, policies of services, whose tags"""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Aws, Place
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking, body

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
AUTOSCALING = REFERENCE + "aws-resource-autoscaling-"


def _group(**sizes: str) -> Json:
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    properties = {
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": version},
        "AvailabilityZones": [{"Fn::Select": [0, {"Fn::GetAZs": ""}]}],
        "MinSize": "0",
        "MaxSize": "4",
        **sizes,
    }
    return {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties}


def _template(image_id: str) -> Json:
    launched = {"InstanceType": "t3.micro", "ImageId": image_id}
    properties = {"LaunchTemplateData": launched}
    return {"Type": "AWS::EC2::LaunchTemplate", "Properties": properties}


GROUPS: Json = {
    "Template": _template("ami-12c6146b"),
    "Group": _group(),
    "Others": _group(),
}
COMING = "autoscaling:EC2_INSTANCE_LAUNCHING"
GOING = "autoscaling:EC2_INSTANCE_TERMINATING"


def hook(aws: Aws, id_: str) -> Json | None:
    autoscaling = aws.client("autoscaling")
    for group in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
        name = group["AutoScalingGroupName"]
        hooks = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
        for one in hooks:
            if one["LifecycleHookName"] == id_:
                return dict(one)
    return None


def policy(aws: Aws, id_: str) -> Json | None:
    found = aws.client("autoscaling").describe_policies(PolicyNames=[id_])["ScalingPolicies"]
    return dict(found[0]) if found else None


def _hook(**more: object) -> Json:
    return {"AutoScalingGroupName": {"Ref": "Group"}, "LifecycleTransition": GOING, **more}


def _simple(by: int, group: str = "Group", **more: object) -> Json:
    kind = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity"}
    return {"AutoScalingGroupName": {"Ref": group}, "ScalingAdjustment": by, **kind, **more}


def _steps(*by: int) -> Json:
    steps = [
        {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": low + 10}
        | {"ScalingAdjustment": adjustment}
        for low, adjustment in zip(range(0, 100, 10), by, strict=False)
    ]
    del steps[-1]["MetricIntervalUpperBound"]
    return {
        "AutoScalingGroupName": {"Ref": "Group"},
        "PolicyType": "StepScaling",
        "AdjustmentType": "PercentChangeInCapacity",
        "MinAdjustmentMagnitude": 1,
        "StepAdjustments": steps,
    }


LIVES = [
    Life(
        "AWS::AutoScaling::LifecycleHook",
        hook,
        Step(
            _hook(),
            {"LifecycleTransition": GOING, "HeartbeatTimeout": 3600, "DefaultResult": "ABANDON"},
        ),
        Step(
            _hook(HeartbeatTimeout=900, DefaultResult="CONTINUE", NotificationMetadata="drain"),
            {"HeartbeatTimeout": 900, "DefaultResult": "CONTINUE", "NotificationMetadata": "drain"},
        ),
        Step(
            _hook(LifecycleHookName={"Fn::Sub": "${AWS::StackName}-b"}, LifecycleTransition=COMING),
            {"LifecycleTransition": COMING},
        ),
        beside=GROUPS,
    ),
    Life(
        "AWS::AutoScaling::ScalingPolicy",
        policy,
        Step(_simple(1), {"PolicyType": "SimpleScaling", "ScalingAdjustment": 1}),
        Step(_simple(2, Cooldown="90"), {"ScalingAdjustment": 2, "Cooldown": 90}),
        Step(_simple(2, "Others"), {"ScalingAdjustment": 2}),
        beside=GROUPS,
        attributes={"Arn": "arn:aws:autoscaling:", "PolicyName": "t"},
    ),
    Life(
        "AWS::AutoScaling::ScalingPolicy",
        policy,
        Step(_steps(10, 30), {"PolicyType": "StepScaling", "MinAdjustmentMagnitude": 1}),
        Step(_steps(20), {"AdjustmentType": "PercentChangeInCapacity"}),
        beside=GROUPS,
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Lifecycle hooks and scaling policies of a group change in place; another name of a hook, "
    "another group of a policy replace them.",
    f"{AUTOSCALING}lifecyclehook.html {AUTOSCALING}scalingpolicy.html",
)
def test_what_scales_a_group(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "Groups made by a stack, and their instances, have CloudFormation's own tags, and the stack's "
    "tags too, whatever the template says of propagation.",
    REFERENCE + "aws-properties-autoscaling-autoscalinggroup-tagproperty.html "
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "aws-properties-resource-tags.html",
)
def test_a_groups_tags(aws: Aws, place: Place, stacking: Stacking) -> None:
    own = [{"Key": "kept", "Value": "here", "PropagateAtLaunch": False}]
    group = _group(MinSize="1")
    group["Properties"]["Tags"] = own
    template = body({"Template": _template(place.image_id), "Group": group})

    status = stacking.create(template, Tags=[{"Key": "team", "Value": "blue"}])
    assert status == "CREATE_COMPLETE", stacking.reasons()

    name = stacking.physical_ids()["Group"]
    found = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    (shown,) = found["AutoScalingGroups"]
    tags = {tag["Key"]: tag["Value"] for tag in shown["Tags"]}
    system = {
        "aws:cloudformation:logical-id": "Group",
        "aws:cloudformation:stack-id": stacking.described()["StackId"],
        "aws:cloudformation:stack-name": stacking.name,
    }
    assert tags == {"kept": "here", "team": "blue", **system}
    instance = shown["Instances"][0]["InstanceId"]
    found = aws.client("ec2").describe_instances(InstanceIds=[instance])
    (launched,) = found["Reservations"][0]["Instances"]
    inherited = {tag["Key"]: tag["Value"] for tag in launched["Tags"]}
    assert inherited.keys() & tags.keys() == {"team", *system}
    assert system.items() <= inherited.items()


@fact(
    "Nobody but AWS sets tags that begin with aws:",
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
)
def test_aws_tags_are_its_own(aws: Aws, stacking: Stacking) -> None:
    assert stacking.create(body(GROUPS)) == "CREATE_COMPLETE", stacking.reasons()
    autoscaling, name = aws.client("autoscaling"), stacking.physical_ids()["Group"]
    tag = {"Key": "aws:mine", "Value": "", "PropagateAtLaunch": True}
    which = {"ResourceId": name, "ResourceType": "auto-scaling-group"}

    with pytest.raises(autoscaling.exceptions.ClientError, match="reserved") as refused:
        autoscaling.create_or_update_tags(Tags=[which | tag])

    assert refused.value.response["Error"]["Code"] == "ValidationError"


def _service(place: Place, *, script: str = "exec sleep 3600", breaker: bool = False) -> Json:
    container = {
        "Name": "main",
        "Image": place.image,
        "Command": ["sh", "-c", script],
        "Cpu": 16,
        "Memory": 32,
    }
    service: Json = {
        "Cluster": place.cluster,
        "TaskDefinition": {"Ref": "Definition"},
        "DesiredCount": 1,
    }
    if breaker:
        service["DeploymentConfiguration"] = {
            "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}
        }
    return {
        "Definition": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"ContainerDefinitions": [container]},
        },
        "Service": {"Type": "AWS::ECS::Service", "Properties": service},
    }


def _scaled(place: Place, **properties: object) -> Json:
    """A service, its range, and a policy that keeps it busy to half."""
    name = {"Fn::Sub": f"service/{place.cluster}/${{Service.Name}}"}
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": name,
        "MinCapacity": 1,
        "MaxCapacity": 4,
    }
    return _service(place) | {
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": target,
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {"ScalingTargetId": {"Ref": "Target"}, **properties},
        },
    }


def _tracking(value: float, **more: object) -> Json:
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    return {
        "PolicyName": "busy",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": value,
            "PredefinedMetricSpecification": metric,
        },
        **more,
    }


@fact(
    "A service's scaling policy changes in place; another name replaces it; with target tracking "
    "its alarms come and go with it.",
    REFERENCE + "aws-resource-applicationautoscaling-scalingpolicy.html",
)
def test_a_services_scaling_policy(aws: Aws, place: Place, stacking: Stacking) -> None:
    def policies() -> list[Json]:
        found = aws.client("application-autoscaling").describe_scaling_policies(
            ServiceNamespace="ecs"
        )["ScalingPolicies"]
        return [one for one in found if stacking.name in one["ResourceId"]]

    def put(properties: Json) -> Json:
        template = body(_scaled(place, **properties))
        assert stacking.update(template) == "UPDATE_COMPLETE", stacking.reasons()
        (one,) = policies()
        assert one["PolicyARN"] == stacking.physical_ids()["Policy"]
        return one

    first = body(_scaled(place, **_tracking(50)))
    assert stacking.create(first) == "CREATE_COMPLETE", stacking.reasons()
    (created,) = policies()
    assert created["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50
    assert len(created["Alarms"]) == 2

    updated = put(_tracking(70))
    assert updated["PolicyARN"] == created["PolicyARN"]
    assert updated["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70

    replaced = put(_tracking(70, PolicyName="busier"))
    assert replaced["PolicyARN"] != created["PolicyARN"]
    assert replaced["PolicyName"] == "busier"

    stacking.delete()
    assert policies() == []
    alarms = [one["AlarmName"] for one in replaced["Alarms"]]
    assert aws.client("cloudwatch").describe_alarms(AlarmNames=alarms)["MetricAlarms"] == []


@fact(
    "A service whose circuit breaker trips fails its stack's update, and runs what it ran before.",
    REFERENCE + "aws-properties-ecs-service-deploymentcircuitbreaker.html aws/copilot-cli#5586",
)
def test_a_services_breaker_fails_its_stack(aws: Aws, place: Place, stacking: Stacking) -> None:
    assert stacking.create(body(_service(place, breaker=True))) == "CREATE_COMPLETE"
    before = stacking.physical_ids()

    status = stacking.update(body(_service(place, script="exit 1", breaker=True)))

    assert status == "UPDATE_ROLLBACK_COMPLETE", stacking.reasons()
    assert "ECS Deployment Circuit Breaker was triggered" in stacking.reasons()
    assert stacking.physical_ids() == before
    ecs, arn = aws.client("ecs"), before["Service"]
    (service,) = ecs.describe_services(cluster=place.cluster, services=[arn])["services"]
    assert service["taskDefinition"] == before["Definition"]
    assert service["runningCount"] == 1


@fact(
    "How a service's tasks are placed, and the tags of its target, change in place; what a "
    "template gives no longer is as if it never had been.",
    f"{REFERENCE}aws-resource-ecs-service.html "
    f"{REFERENCE}aws-resource-applicationautoscaling-scalabletarget.html",
)
def test_a_services_placement_and_its_targets_tags(
    aws: Aws, place: Place, stacking: Stacking
) -> None:
    elsewhere = {"Type": "memberOf", "Expression": "attribute:ecs.instance-type == nothing"}
    spread = {"Type": "spread", "Field": "attribute:ecs.availability-zone"}

    def template(service: Json, target: Json) -> str:
        resources = _scaled(place, **_tracking(50))
        resources["Target"]["Properties"] |= {"MinCapacity": 0, **target}
        resources["Service"]["Properties"] |= {
            "DesiredCount": 0,
            "SchedulingStrategy": "REPLICA",
            "DeploymentController": {"Type": "ECS"},
            "EnableExecuteCommand": False,
            **service,
        }
        return body(resources)

    def shown() -> Json:
        ecs, scaling = aws.client("ecs"), aws.client("application-autoscaling")
        arn = stacking.physical_ids()["Service"]
        (service,) = ecs.describe_services(cluster=place.cluster, services=[arn])["services"]
        resource = f"service/{place.cluster}/{service['serviceName']}"
        (target,) = scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[resource]
        )["ScalableTargets"]
        tags = scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
        return {
            "constraints": [one["type"] for one in service["placementConstraints"]],
            "strategy": [one["type"] for one in service["placementStrategy"]],
            "scheduling": service["schedulingStrategy"],
            "suspended": target["SuspendedState"]["DynamicScalingInSuspended"],
            "tags": tags,
        }

    first = template(
        {"PlacementConstraints": [elsewhere], "PlacementStrategies": [spread]},
        {
            "Tags": [{"Key": "owner", "Value": "ann"}],
            "SuspendedState": {"DynamicScalingInSuspended": True},
        },
    )
    assert stacking.create(first) == "CREATE_COMPLETE", stacking.reasons()
    assert shown() == {
        "constraints": ["memberOf"],
        "strategy": ["spread"],
        "scheduling": "REPLICA",
        "suspended": True,
        "tags": {"owner": "ann"},
    }

    then = template({}, {"SuspendedState": {"DynamicScalingInSuspended": False}})
    assert stacking.update(then) == "UPDATE_COMPLETE", stacking.reasons()
    assert shown() == {
        "constraints": [],
        "strategy": [],
        "scheduling": "REPLICA",
        "suspended": False,
        "tags": {},
    }
