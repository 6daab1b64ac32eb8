"""Resource types: tags that come and go, tenancy, paths, answers of several values, proofs"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking, body
from tests.conformance.test_types_settings import OWNED, REFERENCE, TAGGED, ZONE, record, tags

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
GROUP = {
    "Type": "AWS::EC2::SecurityGroup",
    "Properties": {"GroupDescription": "a", "VpcId": {"Ref": "Vpc"}},
}


def topic(aws: Aws, id_: str) -> Json:
    return {"tags": tags(aws.client("sns").list_tags_for_resource(ResourceArn=id_)["Tags"])}


def repository(aws: Aws, id_: str) -> Json:
    ecr = aws.client("ecr")
    (found,) = ecr.describe_repositories(repositoryNames=[id_])["repositories"]
    listed = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])
    return {"tags": tags(listed["tags"])}


def key(aws: Aws, id_: str) -> Json | None:
    kms = aws.client("kms")
    if kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] == "PendingDeletion":
        return None
    return {"tags": tags(kms.list_resource_tags(KeyId=id_)["Tags"])}


def log_group(aws: Aws, id_: str) -> Json | None:
    logs = aws.client("logs")
    found = logs.describe_log_groups(logGroupNamePrefix=id_)["logGroups"]
    listed = [logs.list_tags_for_resource(resourceArn=one["logGroupArn"]) for one in found]
    return {"tags": tags(listed[0]["tags"])} if listed else None


def vpc(aws: Aws, id_: str) -> Json | None:
    found = aws.client("ec2").describe_vpcs(VpcIds=[id_])["Vpcs"]
    return dict(found[0]) if found else None


def rule(aws: Aws, id_: str) -> Json | None:
    ec2 = aws.client("ec2")
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[id_])["SecurityGroupRules"]
    return dict(found[0]) if found else None


def role(aws: Aws, id_: str) -> Json:
    return dict(aws.client("iam").get_role(RoleName=id_)["Role"])


def alarm(aws: Aws, id_: str) -> Json | None:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[id_])["MetricAlarms"]
    return {"unknown": len(found[0]["InsufficientDataActions"])} if found else None


def _role(**more: object) -> Json:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"AssumeRolePolicyDocument": document, **more}


def _vpc(tenancy: str) -> Json:
    return {"CidrBlock": "10.9.0.0/16", "InstanceTenancy": tenancy}


def _rule(says: str) -> Json:
    peer = {"CidrIpv6": "fd00::/8", "Description": says}
    return {"GroupId": {"Ref": "Group"}, "IpProtocol": "-1", **peer}


def _answers(**how: object) -> Json:
    return {
        "HostedZoneId": {"Ref": "Zone"},
        "Name": {"Fn::Sub": "a.${AWS::StackName}-example.org"},
        "Type": "A",
        "TTL": "60",
        "SetIdentifier": "first",
        "ResourceRecords": ["192.0.2.1"],
        **how,
    }


def _alarm(*unknown: Json) -> Json:
    return {
        "Namespace": "AWS/SQS",
        "MetricName": "SentMessageSize",
        "Statistic": "Sum",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Period": 60,
        "Threshold": 1,
        "InsufficientDataActions": list(unknown),
    }


def _named(suffix: str) -> Json:
    return {"Fn::Sub": f"${{AWS::StackName}}-{suffix}"}


def _runs(count: int) -> Json:
    """Tasks, every hour."""
    tasks = {"TaskDefinitionArn": {"Ref": "Definition"}, "TaskCount": count, "LaunchType": "EC2"}
    cluster, role = ({"Fn::GetAtt": [name, "Arn"]} for name in ("Cluster", "Role"))
    return {
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": cluster, "RoleArn": role, "EcsParameters": tasks},
    }


TAGGED_AND_NOT = {
    "AWS::SNS::Topic": topic,
    "AWS::ECR::Repository": repository,
    "AWS::KMS::Key": key,
    "AWS::Logs::LogGroup": log_group,
}
LIVES = [
    *(
        Life(name, look, Step({"Tags": TAGGED}, {"tags": OWNED}), Step({}, {"tags": {}}))
        for name, look in TAGGED_AND_NOT.items()
    ),
    Life(
        "AWS::EC2::VPC",
        vpc,
        Step(_vpc("dedicated"), {"InstanceTenancy": "dedicated"}),
        Step(_vpc("default"), {"InstanceTenancy": "default"}),
        Step(_vpc("dedicated"), {"InstanceTenancy": "dedicated"}),
    ),
    *(
        Life(
            f"AWS::EC2::SecurityGroup{way}",
            rule,
            Step(_rule("first"), {"CidrIpv6": "fd00::/8", "Description": "first"}),
            Step(_rule("second"), {"CidrIpv6": "fd00::/8", "Description": "second"}),
            beside={"Vpc": VPC, "Group": GROUP},
        )
        for way in ("Ingress", "Egress")
    ),
    Life(
        "AWS::IAM::Role",
        role,
        Step(_role(MaxSessionDuration=7200), {"MaxSessionDuration": 7200, "Path": "/"}),
        Step(_role(), {"MaxSessionDuration": 3600}),
        Step(_role(Path="/team/"), {"Path": "/team/"}),
    ),
    Life(
        "AWS::Route53::RecordSet",
        record,
        Step(_answers(MultiValueAnswer=True), {"MultiValueAnswer": True, "Failover": None}),
        Step(_answers(Failover="PRIMARY"), {"MultiValueAnswer": None, "Failover": "PRIMARY"}),
        beside={"Zone": ZONE},
    ),
    Life(
        "AWS::IAM::InstanceProfile",
        lambda aws, id_: {
            "own": aws.client("iam")
            .get_instance_profile(InstanceProfileName=id_)["InstanceProfile"]["InstanceProfileName"]
            .endswith("-first")
        },
        Step({"InstanceProfileName": _named("first"), "Roles": [{"Ref": "Role"}]}, {"own": True}),
        replaced=Step({"Roles": [{"Ref": "Role"}]}, {"own": False}),
        beside={"Role": {"Type": "AWS::IAM::Role", "Properties": _role()}},
    ),
    Life(
        "AWS::Scheduler::Schedule",
        lambda aws, id_: dict(
            aws.client("scheduler").get_schedule(Name=id_)["Target"].get("EcsParameters", {})
        ),
        Step(_runs(2), {"TaskCount": 2, "LaunchType": "EC2"}),
        Step(_runs(3), {"TaskCount": 3, "LaunchType": "EC2"}),
        beside={
            "Role": {"Type": "AWS::IAM::Role", "Properties": _role()},
            "Cluster": {"Type": "AWS::ECS::Cluster"},
            "Definition": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "ContainerDefinitions": [{"Name": "a", "Image": "busybox", "Memory": 64}]
                },
            },
        },
    ),
    Life(
        "AWS::CloudWatch::Alarm",
        alarm,
        Step(_alarm({"Ref": "Topic"}), {"unknown": 1}),
        Step(_alarm(), {"unknown": 0}),
        beside={"Topic": {"Type": "AWS::SNS::Topic"}},
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Tags that a template gives no longer are taken away; a VPC's tenancy goes to the default in "
    "place and never back; a role's path replaces it.",
    f"{REFERENCE}aws-resource-ec2-vpc.html {REFERENCE}aws-resource-iam-role.html "
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "aws-properties-resource-tags.html",
)
def test_tags_and_small_things(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "A certificate is proven by a record in the zone that is named, which stays when it goes.",
    REFERENCE + "aws-properties-certificatemanager-certificate-domainvalidationoption.html "
    "aws-cloudformation/cloudformation-coverage-roadmap#837",
)
def test_a_certificate_proves_its_domains(aws: Aws, stacking: Stacking, name: str) -> None:
    route53, domain = aws.client("route53"), f"{name}.example.com"
    made = route53.create_hosted_zone(Name=domain, CallerReference=name)
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    properties = {
        "DomainName": domain,
        "SubjectAlternativeNames": [f"www.{domain}"],
        "ValidationMethod": "DNS",
        "DomainValidationOptions": [{"DomainName": domain, "HostedZoneId": zone}],
    }
    kind = "AWS::CertificateManager::Certificate"

    def proofs() -> list[Any]:
        listed = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return [one for one in listed if one["Type"] == "CNAME"]

    try:
        status = stacking.create(body({"One": {"Type": kind, "Properties": properties}}))
        assert status == "CREATE_COMPLETE", stacking.reasons()
        arn = stacking.physical_ids()["One"]
        found = aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
        assert set(found["SubjectAlternativeNames"]) == {domain, f"www.{domain}"}
        assert proofs() != []

        stacking.delete()
        assert proofs() != []
    finally:
        gone = [{"Action": "DELETE", "ResourceRecordSet": one} for one in proofs()]
        if gone:
            batch = {"Changes": gone}
            route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
        route53.delete_hosted_zone(Id=zone)
