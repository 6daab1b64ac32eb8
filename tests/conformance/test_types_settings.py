"""Resource types' lesser properties: what is given is what their services then tell"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Look, Step, live
from tests.conformance.stacking import Json, Stacking

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
TAGGED = [{"Key": "owner", "Value": "ann"}]
OWNED = {"owner": "ann"}


def tags(found: Any) -> Json:  # noqa: ANN401 (lists of many spellings, or a mapping)
    """Those that the template gave."""
    if isinstance(found, dict):
        pairs = found.items()
    else:
        lower = [{k.lower().removeprefix("tag"): v for k, v in one.items()} for one in found]
        pairs = {one["key"]: one["value"] for one in lower}.items()
    return {key: value for key, value in pairs if not key.startswith("aws:")}


def one(service: str, operation: str, path: str, name: str, **more: object) -> Look:
    """A look at the only member of a list, by its id in the parameter of that name."""

    def look(aws: Aws, id_: str) -> Json | None:
        given = {name: [id_] if name.endswith("s") else id_, **more}
        found = getattr(aws.client(service), operation)(**given)
        for step in path.split("."):
            found = found[step]
        listed = found if isinstance(found, list) else [found]
        return dict(listed[0]) if listed else None

    return look


def with_tags(look: Look, more: Callable[[Aws, str], Any]) -> Look:
    def both(aws: Aws, id_: str) -> Json | None:
        found = look(aws, id_)
        return found and found | {"tags": tags(more(aws, id_))}

    return both


def template(aws: Aws, id_: str) -> Json | None:
    ec2 = aws.client("ec2")
    found = ec2.describe_launch_templates(LaunchTemplateIds=[id_])["LaunchTemplates"]
    if not found:
        return None
    latest = ec2.describe_launch_template_versions(LaunchTemplateId=id_, Versions=["$Latest"])
    (version,) = latest["LaunchTemplateVersions"]
    return {
        "tags": tags(found[0].get("Tags", [])),
        "says": version.get("VersionDescription"),
        **version["LaunchTemplateData"],
    }


def group(aws: Aws, id_: str) -> Json | None:
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_security_groups(GroupIds=[id_])["SecurityGroups"]
    return {
        "name": found["GroupName"].rpartition("-")[2],
        "in": _peers(found["IpPermissions"]),
        "out": _peers(found["IpPermissionsEgress"]),
    }


def _peers(permissions: list[Json]) -> list[str]:
    """Of all rules: addresses, or that it is another group."""
    found = [one["CidrIpv6"] for rule in permissions for one in rule["Ipv6Ranges"]]
    found += [one["CidrIp"] for rule in permissions for one in rule["IpRanges"]]
    found += ["group" for rule in permissions for _ in rule["UserIdGroupPairs"]]
    return sorted(found)


def endpoint(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[id_])["VpcEndpoints"]
    alive = [one for one in found if one["State"] != "deleted"]
    return alive[0] | {"subnets": len(alive[0]["SubnetIds"])} if alive else None


def record(aws: Aws, id_: str) -> Json | None:
    route53 = aws.client("route53")
    for zone in route53.list_hosted_zones()["HostedZones"]:
        listed = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        for found in listed:
            if found["Name"] == f"{id_}." and found["Type"] == "A":
                return dict(found)
    return None


def queue(aws: Aws, id_: str) -> Json:
    found = aws.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])
    return dict(found["Attributes"])


def subscription(aws: Aws, id_: str) -> Json:
    found = aws.client("sns").get_subscription_attributes(SubscriptionArn=id_)["Attributes"]
    return found | {"redrives": "deadLetterTargetArn" in found.get("RedrivePolicy", "")}


def bucket(aws: Aws, id_: str) -> Json:
    s3 = aws.client("s3")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=id_)["Rules"]
    logging = s3.get_bucket_logging(Bucket=id_).get("LoggingEnabled", {})
    return {
        "prefix": rule["Filter"]["Prefix"],
        "tags": tags(s3.get_bucket_tagging(Bucket=id_)["TagSet"]),
        "logs": logging.get("TargetPrefix"),
    }


def schedule(aws: Aws, id_: str) -> Json:
    found = aws.client("scheduler").get_schedule(Name=id_)
    target = found["Target"]
    return {
        "says": found.get("Description"),
        "from": f"{found['StartDate']:%Y-%m-%d}",
        "until": f"{found['EndDate']:%Y-%m-%d}",
        "redrives": "DeadLetterConfig" in target,
        "count": target.get("EcsParameters", {}).get("TaskCount"),
    }


def hooks(aws: Aws, id_: str) -> Json | None:
    autoscaling = aws.client("autoscaling")
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[id_])
    if not groups["AutoScalingGroups"]:
        return None
    found = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=id_)["LifecycleHooks"]
    return {"hooks": {it["LifecycleHookName"]: it["HeartbeatTimeout"] for it in found}}


def definition(aws: Aws, id_: str) -> Json | None:
    ecs = aws.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=id_, include=["TAGS"])
    shown = found["taskDefinition"]
    return shown | {"tags": tags(found["tags"])} if shown["status"] == "ACTIVE" else None


def _named(suffix: str) -> Json:
    return {"Fn::Sub": f"${{AWS::StackName}}-{suffix}"}


def _arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


def _role(service: str) -> Json:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": f"{service}.amazonaws.com"},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    properties = {"AssumeRolePolicyDocument": document}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _alarm(**more: object) -> Json:
    return {
        "Namespace": "AWS/SQS",
        "MetricName": "SentMessageSize",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
        "Threshold": 1,
        **more,
    }


def _launched(**more: object) -> Json:
    return {"ImageId": "ami-12c6146b", "InstanceType": "m5.large", **more}


def _open(**peer: object) -> Json:
    return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **peer}


def _grouped(hooks: dict[str, int]) -> Json:
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    given = [
        {
            "LifecycleHookName": name,
            "HeartbeatTimeout": seconds,
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        }
        for name, seconds in hooks.items()
    ]
    return {
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": version},
        "AvailabilityZones": [{"Fn::Select": [0, {"Fn::GetAZs": ""}]}],
        "MinSize": "0",
        "MaxSize": "1",
        "LifecycleHookSpecificationList": given,
    }


def _weighted(weight: int) -> Json:
    nothing = {"Fn::Select": [1, {"Fn::Split": ["|", {"Fn::Sub": "${Zone}|"}]}]}  # but after it
    return {
        "HostedZoneName": {"Fn::Join": ["", [_named("example.org."), nothing]]},
        "Name": {"Fn::Sub": "a.${AWS::StackName}-example.org"},
        "Type": "A",
        "TTL": "60",
        "SetIdentifier": "first",
        "Weight": weight,
        "ResourceRecords": ["192.0.2.1"],
    }


def _kept(prefix: str, **more: object) -> Json:
    rule = {"Status": "Enabled", "Prefix": prefix, "ExpirationInDays": 3}
    return {"LifecycleConfiguration": {"Rules": [rule]}, "Tags": TAGGED, **more}


def _scheduled(says: str, start: str, **target: object) -> Json:
    return {
        "Description": says,
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "StartDate": f"{start}T00:00:00Z",
        "EndDate": "2099-12-31T00:00:00Z",
        "Target": {"Arn": _arn("Queue"), "RoleArn": _arn("Role"), **target},
    }


NETWORK: Json = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
    "Subnet": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.0.0/24"},
    },
    "Others": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "others", "VpcId": {"Ref": "Vpc"}},
    },
}
ZONE = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": _named("example.org")}}
QUEUES: Json = {"Queue": {"Type": "AWS::SQS::Queue"}, "Dead": {"Type": "AWS::SQS::Queue"}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}

LIVES = [
    Life(
        "AWS::CloudWatch::Alarm",
        with_tags(
            one("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmNames"),
            lambda aws, id_: aws.client("cloudwatch").list_tags_for_resource(
                ResourceARN=_alarm_arn(aws, id_)
            )["Tags"],
        ),
        Step(
            _alarm(Statistic="Sum", Unit="Bytes", ActionsEnabled=False, Tags=TAGGED),
            {"Unit": "Bytes", "ActionsEnabled": False, "tags": OWNED},
        ),
        Step(
            _alarm(ExtendedStatistic="p99", Tags=TAGGED),
            {"ExtendedStatistic": "p99", "ActionsEnabled": True, "Unit": None},
        ),
    ),
    Life(
        "AWS::EC2::LaunchTemplate",
        template,
        Step(
            {
                "VersionDescription": "first",
                "TagSpecifications": [{"ResourceType": "launch-template", "Tags": TAGGED}],
                "LaunchTemplateData": _launched(
                    KeyName="ops",
                    EbsOptimized=True,
                    InstanceInitiatedShutdownBehavior="terminate",
                ),
            },
            {
                "says": "first",
                "tags": OWNED,
                "KeyName": "ops",
                "EbsOptimized": True,
                "InstanceInitiatedShutdownBehavior": "terminate",
            },
        ),
        Step(
            {
                "VersionDescription": "second",
                "LaunchTemplateData": _launched(
                    NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": False}],
                    TagSpecifications=[{"ResourceType": "instance", "Tags": TAGGED}],
                ),
            },
            {
                "says": "second",
                "KeyName": None,
                "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}],
                "TagSpecifications": [{"ResourceType": "instance", "Tags": TAGGED}],
            },
        ),
    ),
    Life(
        "AWS::EC2::SecurityGroup",
        group,
        Step(
            {
                "GroupDescription": "a",
                "GroupName": _named("first"),
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": [_open(CidrIpv6="::/0")],
                "SecurityGroupEgress": [_open(CidrIpv6="fd00::/8")],
            },
            {"name": "first", "in": ["::/0"], "out": ["fd00::/8"]},
        ),
        Step(
            {
                "GroupDescription": "a",
                "GroupName": _named("first"),
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": [_open(SourceSecurityGroupId={"Ref": "Others"})],
                "SecurityGroupEgress": [_open(DestinationSecurityGroupId={"Ref": "Others"})],
            },
            {"in": ["group"], "out": ["group"]},
        ),
        beside=NETWORK,
    ),
    Life(
        "AWS::EC2::VPCEndpoint",
        endpoint,
        Step(
            {
                "VpcId": {"Ref": "Vpc"},
                "VpcEndpointType": "Interface",
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.ecr.api"},
                "SubnetIds": [{"Ref": "Subnet"}],
                "SecurityGroupIds": [{"Ref": "Others"}],
                "PolicyDocument": POLICY,
                "PrivateDnsEnabled": False,
            },
            {"VpcEndpointType": "Interface", "subnets": 1, "PrivateDnsEnabled": False},
        ),
        beside=NETWORK,
    ),
    Life(
        "AWS::AutoScaling::AutoScalingGroup",
        hooks,
        Step(_grouped({"drain": 60, "log": 30}), {"hooks": {"drain": 60, "log": 30}}),
        Step(_grouped({"drain": 90}), {"hooks": {"drain": 90}}),
        beside={
            "Template": {
                "Type": "AWS::EC2::LaunchTemplate",
                "Properties": {"LaunchTemplateData": _launched()},
            }
        },
    ),
    Life(
        "AWS::ECS::TaskDefinition",
        definition,
        Step(
            {
                "ContainerDefinitions": [{"Name": "a", "Image": "busybox", "Memory": 64}],
                "Cpu": "256",
                "Memory": "512",
                "RuntimePlatform": {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
                "PlacementConstraints": [
                    {"Type": "memberOf", "Expression": "attribute:ecs.instance-type == t3.medium"}
                ],
                "Tags": TAGGED,
            },
            {
                "cpu": "256",
                "memory": "512",
                "tags": OWNED,
                "runtimePlatform": {
                    "cpuArchitecture": "X86_64",
                    "operatingSystemFamily": "LINUX",
                },
                "placementConstraints": [
                    {"type": "memberOf", "expression": "attribute:ecs.instance-type == t3.medium"}
                ],
            },
        ),
    ),
    Life(
        "AWS::Events::Rule",
        with_tags(
            lambda aws, id_: dict(aws.client("events").describe_rule(Name=id_)),
            lambda aws, id_: aws.client("events").list_tags_for_resource(
                ResourceARN=aws.client("events").describe_rule(Name=id_)["Arn"]
            )["Tags"],
        ),
        Step(
            {"ScheduleExpression": "rate(5 minutes)", "EventBusName": "default", "Tags": TAGGED},
            {"ScheduleExpression": "rate(5 minutes)", "EventBusName": "default", "tags": OWNED},
        ),
        Step(
            {"ScheduleExpression": "cron(0 3 * * ? *)", "EventBusName": "default"},
            {"ScheduleExpression": "cron(0 3 * * ? *)", "tags": {}},
        ),
    ),
    Life(
        "AWS::KMS::Key",
        lambda aws, id_: (
            key
            if (key := aws.client("kms").describe_key(KeyId=id_)["KeyMetadata"])["KeyState"]
            != "PendingDeletion"
            else None
        ),
        Step(
            {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "Enabled": False},
            {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "Enabled": False},
        ),
        Step({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, {"Enabled": True}),
    ),
    Life(
        "AWS::Route53::RecordSet",
        record,
        Step(_weighted(10), {"SetIdentifier": "first", "Weight": 10}),
        Step(_weighted(20), {"SetIdentifier": "first", "Weight": 20}),
        beside={
            "Zone": {
                "Type": "AWS::Route53::HostedZone",
                "Properties": {"Name": _named("example.org")},
            }
        },
    ),
    Life(
        "AWS::S3::Bucket",
        bucket,
        Step(_kept("tmp/"), {"prefix": "tmp/", "tags": OWNED, "logs": None}),
        Step(_kept("old/"), {"prefix": "old/"}),
    ),
    Life(
        "AWS::SNS::Subscription",
        subscription,
        Step(
            {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": _arn("Queue"),
                "FilterPolicy": {"kind": ["a"]},
                "FilterPolicyScope": "MessageBody",
                "RedrivePolicy": {"deadLetterTargetArn": _arn("Dead")},
            },
            {"FilterPolicyScope": "MessageBody", "redrives": True},
        ),
        Step(
            {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": _arn("Queue")},
            {"redrives": False},
        ),
        beside={"Topic": {"Type": "AWS::SNS::Topic"}, **QUEUES},
    ),
    Life(
        "AWS::SQS::Queue",
        queue,
        Step(
            {
                "DelaySeconds": 5,
                "MaximumMessageSize": 2048,
                "KmsMasterKeyId": "alias/aws/sqs",
                "KmsDataKeyReusePeriodSeconds": 600,
            },
            {
                "DelaySeconds": "5",
                "MaximumMessageSize": "2048",
                "KmsMasterKeyId": "alias/aws/sqs",
                "KmsDataKeyReusePeriodSeconds": "600",
            },
        ),
        Step({"MaximumMessageSize": 4096}, {"DelaySeconds": "0", "MaximumMessageSize": "4096"}),
    ),
    Life(
        "AWS::SSM::Parameter",
        with_tags(
            lambda aws, id_: dict(aws.client("ssm").get_parameter(Name=id_)["Parameter"]),
            lambda aws, id_: aws.client("ssm").list_tags_for_resource(
                ResourceType="Parameter", ResourceId=id_
            )["TagList"],
        ),
        Step(
            {"Type": "String", "Value": "a", "DataType": "text", "Tier": "Standard", "Tags": OWNED},
            {"DataType": "text", "tags": OWNED},
        ),
        Step({"Type": "String", "Value": "a"}, {"Value": "a", "tags": {}}),
    ),
    Life(
        "AWS::Scheduler::Schedule",
        schedule,
        Step(
            _scheduled("first", "2098-01-01", DeadLetterConfig={"Arn": _arn("Dead")}),
            {"says": "first", "from": "2098-01-01", "until": "2099-12-31", "redrives": True},
        ),
        Step(
            _scheduled("second", "2098-02-01"),
            {"says": "second", "from": "2098-02-01", "redrives": False},
        ),
        beside={"Role": _role("scheduler"), **QUEUES},
    ),
]


def _alarm_arn(aws: Aws, name: str) -> str:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found[0]["AlarmArn"])


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "What a template gives is what the service then tells; what it gives no longer is as if it "
    "never had been.",
    REFERENCE + "aws-template-resource-type-ref.html",
)
def test_lesser_properties(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)
