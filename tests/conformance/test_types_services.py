"""Resource types of messages, storage, names and schedules"""

from __future__ import annotations

import json

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking, body
from tests.conformance.test_types_identity import a_role

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
QUEUE = {"Type": "AWS::SQS::Queue"}
TOPIC = {"Type": "AWS::SNS::Topic"}
BUCKET = {"Type": "AWS::S3::Bucket"}
ZONE = {
    "Type": "AWS::Route53::HostedZone",
    "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}.example.org"}},
}


def _named(suffix: str) -> Json:
    return {"Fn::Sub": f"${{AWS::StackName}}-{suffix}"}


def _arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


def _allows(service: str, action: str, *resources: Json) -> Json:
    statement = {
        "Sid": service,
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": list(resources),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _sid(policy: str) -> str:
    return str(json.loads(policy)["Statement"][0]["Sid"])


def queue(aws: Aws, id_: str) -> Json:
    sqs = aws.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]
    return {"tags": sqs.list_queue_tags(QueueUrl=id_).get("Tags", {}), **found}


def topic(aws: Aws, id_: str) -> Json:
    sns = aws.client("sns")
    found = sns.get_topic_attributes(TopicArn=id_)["Attributes"]
    subscribed = sns.list_subscriptions_by_topic(TopicArn=id_)["Subscriptions"]
    return {"name": found.get("DisplayName", ""), "subscribed": len(subscribed)}


def subscription(aws: Aws, id_: str) -> Json:
    found = aws.client("sns").get_subscription_attributes(SubscriptionArn=id_)["Attributes"]
    return {"raw": found.get("RawMessageDelivery", "false"), "protocol": found["Protocol"]}


def bucket(aws: Aws, id_: str) -> Json:
    s3 = aws.client("s3")
    s3.head_bucket(Bucket=id_)
    blocked = s3.get_public_access_block(Bucket=id_)["PublicAccessBlockConfiguration"]
    return {
        "versioning": s3.get_bucket_versioning(Bucket=id_).get("Status"),
        "blocked": blocked["BlockPublicAcls"],
        "expires": _expires(s3, id_),
    }


def _expires(s3: object, id_: str) -> int | None:
    try:
        found = s3.get_bucket_lifecycle_configuration(Bucket=id_)["Rules"]  # type: ignore[attr-defined]
    except s3.exceptions.ClientError:  # type: ignore[attr-defined]
        return None
    return int(found[0]["Expiration"]["Days"])


def bucket_policy(aws: Aws, id_: str) -> Json:
    return {"sid": _sid(aws.client("s3").get_bucket_policy(Bucket=id_)["Policy"])}


def zone(aws: Aws, id_: str) -> Json:
    route53 = aws.client("route53")
    found = route53.get_hosted_zone(Id=id_)["HostedZone"]
    listed = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id_)
    tags = {tag["Key"]: tag["Value"] for tag in listed["ResourceTagSet"]["Tags"]}
    return {"comment": found["Config"].get("Comment", ""), "owner": tags.get("owner")}


def record(aws: Aws, id_: str) -> Json | None:
    route53 = aws.client("route53")
    for one in route53.list_hosted_zones()["HostedZones"]:
        listed = route53.list_resource_record_sets(HostedZoneId=one["Id"])["ResourceRecordSets"]
        for found in listed:
            if found["Name"] == f"{id_}." and found["Type"] in ("A", "CNAME"):
                values = [value["Value"] for value in found["ResourceRecords"]]
                return {"type": found["Type"], "ttl": found["TTL"], "values": values}
    return None


def certificate(aws: Aws, id_: str) -> Json:
    acm = aws.client("acm")
    found = acm.describe_certificate(CertificateArn=id_)["Certificate"]
    tags = acm.list_tags_for_certificate(CertificateArn=id_)["Tags"]
    owners = [tag["Value"] for tag in tags if tag["Key"] == "owner"]
    return {"status": found["Status"], "names": found["SubjectAlternativeNames"], "owner": owners}


def repository(aws: Aws, id_: str) -> Json:
    return dict(aws.client("ecr").describe_repositories(repositoryNames=[id_])["repositories"][0])


def log_group(aws: Aws, id_: str) -> Json | None:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=id_)["logGroups"]
    return next((one for one in found if one["logGroupName"] == id_), None)


def alarm(aws: Aws, id_: str) -> Json | None:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[id_])["MetricAlarms"]
    return found[0] if found else None


def schedule(aws: Aws, id_: str) -> Json | None:
    scheduler = aws.client("scheduler")
    for one in scheduler.list_schedules()["Schedules"]:
        if one["Name"] == id_:
            return dict(scheduler.get_schedule(Name=id_, GroupName=one["GroupName"]))
    return None


def schedule_group(aws: Aws, id_: str) -> Json:
    scheduler = aws.client("scheduler")
    found = scheduler.get_schedule_group(Name=id_)
    tags = scheduler.list_tags_for_resource(ResourceArn=found["Arn"])["Tags"]
    return {"owner": [tag["Value"] for tag in tags if tag["Key"] == "owner"]}


def _alarm(threshold: float, **more: object) -> Json:
    return {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "a"}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }


def _schedule(rate: str, **more: object) -> Json:
    return {
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ScheduleExpression": rate,
        "Target": {"Arn": _arn("Queue"), "RoleArn": _arn("Role"), "Input": "{}"},
        **more,
    }


def _record(name: str, kind: str, *values: str) -> Json:
    return {
        "HostedZoneId": {"Ref": "Zone"},
        "Name": {"Fn::Sub": f"{name}.${{AWS::StackName}}.example.org"},
        "Type": kind,
        "TTL": "60",
        "ResourceRecords": list(values),
    }


def _certificate(name: str) -> Json:
    domain = {"Fn::Sub": f"{name}.${{AWS::StackName}}.example.org"}
    return {"DomainName": domain, "ValidationMethod": "DNS"}


BLOCKED = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)

LIVES = [
    Life(
        "AWS::SQS::Queue",
        queue,
        Step(
            {"VisibilityTimeout": 60, "Tags": [{"Key": "owner", "Value": "ann"}]},
            {"VisibilityTimeout": "60", "tags": {"owner": "ann"}},
        ),
        Step(
            {"RedrivePolicy": {"deadLetterTargetArn": _arn("Dead"), "maxReceiveCount": 5}},
            {"VisibilityTimeout": "30", "tags": {}},
        ),
        Step({"QueueName": _named("q")}, {"VisibilityTimeout": "30"}),
        beside={"Dead": QUEUE},
        attributes={"Arn": "arn:aws:sqs:", "QueueUrl": "http", "QueueName": "t"},
    ),
    Life(
        "AWS::SNS::Topic",
        topic,
        Step({"DisplayName": "a"}, {"name": "a", "subscribed": 0}),
        Step(
            {"DisplayName": "b", "Subscription": [{"Protocol": "sqs", "Endpoint": _arn("Queue")}]},
            {"name": "b", "subscribed": 1},
        ),
        Step({"TopicName": _named("t")}, {"name": "", "subscribed": 0}),
        beside={"Queue": QUEUE},
        attributes={"TopicArn": "arn:aws:sns:", "TopicName": "t"},
    ),
    Life(
        "AWS::SNS::Subscription",
        subscription,
        Step(
            {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": _arn("Queue")},
            {"raw": "false", "protocol": "sqs"},
        ),
        Step(
            {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": _arn("Queue"),
                "RawMessageDelivery": True,
            },
            {"raw": "true"},
        ),
        Step(
            {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": _arn("Other")},
            {"raw": "false"},
        ),
        beside={"Topic": TOPIC, "Queue": QUEUE, "Other": QUEUE},
        attributes={"Arn": "arn:aws:sns:"},
    ),
    Life(
        "AWS::S3::Bucket",
        bucket,
        Step(
            {"PublicAccessBlockConfiguration": BLOCKED},
            {"versioning": None, "blocked": True, "expires": None},
        ),
        Step(
            {
                "PublicAccessBlockConfiguration": BLOCKED,
                "VersioningConfiguration": {"Status": "Enabled"},
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                    ]
                },
                "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 9}]},
            },
            {"versioning": "Enabled", "blocked": True, "expires": 9},
        ),
        Step(
            {"BucketName": _named("b"), "PublicAccessBlockConfiguration": BLOCKED},
            {"versioning": None, "expires": None},
        ),
        attributes={"Arn": "arn:aws:s3:::t", "RegionalDomainName": "t"},
    ),
    Life(
        "AWS::S3::BucketPolicy",
        bucket_policy,
        Step(
            {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": _allows(
                    "logdelivery", "s3:PutObject", {"Fn::Sub": "${Bucket.Arn}/*"}
                ),
            },
            {"sid": "logdelivery"},
        ),
        Step(
            {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": _allows("logs", "s3:PutObject", {"Fn::Sub": "${Bucket.Arn}/*"}),
            },
            {"sid": "logs"},
        ),
        Step(
            {
                "Bucket": {"Ref": "Other"},
                "PolicyDocument": _allows("logs", "s3:PutObject", {"Fn::Sub": "${Other.Arn}/*"}),
            },
            {"sid": "logs"},
        ),
        beside={"Bucket": BUCKET, "Other": BUCKET},
    ),
    Life(
        "AWS::Route53::HostedZone",
        zone,
        Step(ZONE["Properties"], {"comment": "", "owner": None}),  # type: ignore[arg-type]
        Step(
            {
                **ZONE["Properties"],  # type: ignore[dict-item]
                "HostedZoneConfig": {"Comment": "b"},
                "HostedZoneTags": [{"Key": "owner", "Value": "bob"}],
            },
            {"comment": "b", "owner": "bob"},
        ),
        Step({"Name": {"Fn::Sub": "${AWS::StackName}.example.net"}}, {"comment": ""}),
    ),
    Life(
        "AWS::Route53::RecordSet",
        record,
        Step(_record("a", "A", "192.0.2.1"), {"type": "A", "values": ["192.0.2.1"], "ttl": 60}),
        Step(_record("a", "CNAME", "b.example.org"), {"type": "CNAME"}),
        Step(_record("b", "A", "192.0.2.2"), {"values": ["192.0.2.2"]}),
        beside={"Zone": ZONE},
    ),
    Life(
        "AWS::CertificateManager::Certificate",
        certificate,
        Step(_certificate("a"), {"status": "ISSUED", "owner": []}),
        Step(
            _certificate("a") | {"Tags": [{"Key": "owner", "Value": "bob"}]},
            {"status": "ISSUED", "owner": ["bob"]},
        ),
        Step(_certificate("b"), {"status": "ISSUED", "owner": []}),
        attributes={"CertificateArn": "arn:aws:acm:"},
    ),
    Life(
        "AWS::ECR::Repository",
        repository,
        Step({"ImageTagMutability": "MUTABLE"}, {"imageTagMutability": "MUTABLE"}),
        Step({"ImageTagMutability": "IMMUTABLE"}, {"imageTagMutability": "IMMUTABLE"}),
        Step({"RepositoryName": _named("r")}, {"imageTagMutability": "MUTABLE"}),
        attributes={"Arn": "arn:aws:ecr:"},
    ),
    Life(
        "AWS::Logs::LogGroup",
        log_group,
        Step({"RetentionInDays": 3}, {"retentionInDays": 3}),
        Step({"RetentionInDays": 7}, {"retentionInDays": 7}),
        Step({"LogGroupName": _named("l")}, {"retentionInDays": None}),
        attributes={"Arn": "arn:aws:logs:"},
    ),
    Life(
        "AWS::CloudWatch::Alarm",
        alarm,
        Step(_alarm(5), {"Threshold": 5.0}),
        Step(
            _alarm(7, TreatMissingData="notBreaching", AlarmActions=[{"Ref": "Topic"}]),
            {"Threshold": 7.0, "TreatMissingData": "notBreaching"},
        ),
        Step(_alarm(7, AlarmName=_named("a")), {"Threshold": 7.0, "AlarmActions": []}),
        beside={"Topic": TOPIC},
        attributes={"Arn": "arn:aws:cloudwatch:"},
    ),
    Life(
        "AWS::Scheduler::Schedule",
        schedule,
        Step(
            _schedule("rate(1 hour)"),
            {"ScheduleExpression": "rate(1 hour)", "State": "ENABLED", "GroupName": "default"},
        ),
        Step(
            _schedule("cron(0 3 * * ? *)", State="DISABLED"),
            {"ScheduleExpression": "cron(0 3 * * ? *)", "State": "DISABLED"},
        ),
        Step(
            _schedule("rate(1 hour)", Name=_named("s"), GroupName={"Ref": "Group"}),
            {"State": "ENABLED"},
        ),
        beside={
            "Queue": QUEUE,
            "Role": a_role("scheduler"),
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup"},
        },
        attributes={"Arn": "arn:aws:scheduler:"},
    ),
    Life(
        "AWS::Scheduler::ScheduleGroup",
        schedule_group,
        Step({}, {"owner": []}),
        Step({"Tags": [{"Key": "owner", "Value": "bob"}]}, {"owner": ["bob"]}),
        Step({"Name": _named("g")}, {"owner": []}),
        attributes={"Arn": "arn:aws:scheduler:"},
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Queues, topics, buckets, zones, records, repositories, log groups, alarms and schedules are "
    "created, changed in place, replaced where a create-only property changes, and deleted.",
    REFERENCE + "introduction.html",
)
def test_services(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "A queue policy and a topic policy are put on each queue and topic that they name, and leave "
    "those that they no longer name.",
    REFERENCE + "aws-resource-sqs-queuepolicy.html "
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "aws-resource-sns-topicpolicy.html",
)
def test_policies_of_queues_and_topics(aws: Aws, stacking: Stacking) -> None:
    def template(*names: str) -> str:
        queues = [_arn(f"Queue{name}") for name in names]
        topics = [{"Ref": f"Topic{name}"} for name in names]
        return body(
            {f"Queue{name}": QUEUE for name in "AB"}
            | {f"Topic{name}": TOPIC for name in "AB"}
            | {
                "Queues": {
                    "Type": "AWS::SQS::QueuePolicy",
                    "Properties": {
                        "Queues": [{"Ref": f"Queue{name}"} for name in names],
                        "PolicyDocument": _allows("events", "sqs:SendMessage", *queues),
                    },
                },
                "Topics": {
                    "Type": "AWS::SNS::TopicPolicy",
                    "Properties": {
                        "Topics": topics,
                        "PolicyDocument": _allows("events", "sns:Publish", *topics),
                    },
                },
            }
        )

    def allowed() -> set[str]:
        ids = stacking.physical_ids()
        policies = {name: queue(aws, ids[name]).get("Policy") for name in ("QueueA", "QueueB")}
        for name in ("TopicA", "TopicB"):
            found = aws.client("sns").get_topic_attributes(TopicArn=ids[name])
            policies[name] = found["Attributes"]["Policy"]
        return {name for name, policy in policies.items() if policy and _sid(policy) == "events"}

    assert stacking.create(template("A", "B")) == "CREATE_COMPLETE"
    assert allowed() == {"QueueA", "QueueB", "TopicA", "TopicB"}

    assert stacking.update(template("B")) == "UPDATE_COMPLETE"
    assert allowed() == {"QueueB", "TopicB"}
