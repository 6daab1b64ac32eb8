"""Access logs of load balancers: who may put them where"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Client, Place
from tests.conformance.ledger import fact

GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"


@pytest.fixture
def balancer(aws: Aws, place: Place, name: str) -> Iterator[str]:
    elb = aws.client("elbv2")
    made = elb.create_load_balancer(Name=name, Subnets=list(place.subnet_ids), Scheme="internal")
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    yield arn
    elb.delete_load_balancer(LoadBalancerArn=arn)


@pytest.fixture
def bucket(aws: Aws, name: str) -> Iterator[str]:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    yield name
    for one in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=one["Key"])
    s3.delete_bucket(Bucket=name)


def ask_for_logs(elb: Client, balancer: str, bucket: str) -> None:
    told = {"enabled": "true", "bucket": bucket, "prefix": "web"}
    attributes = [{"Key": f"access_logs.s3.{k}", "Value": v} for k, v in told.items()]
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)


def logged(elb: Client, balancer: str) -> str:
    found = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    return next(str(one["Value"]) for one in found if one["Key"] == "access_logs.s3.enabled")


@fact(
    "A bucket whose policy does not let Elastic Load Balancing put logs there is refused.",
    f"{GUIDE}enable-access-logging.html aws/aws-cdk#5758",
)
def test_a_bucket_must_let_logs_in(aws: Aws, balancer: str, bucket: str) -> None:
    elb = aws.client("elbv2")

    with pytest.raises(ClientError) as refused:
        ask_for_logs(elb, balancer, bucket)

    error = refused.value.response["Error"]
    sentence = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
    assert (error["Code"], error["Message"]) == ("InvalidConfigurationRequest", sentence)
    assert logged(elb, balancer) == "false"


@fact(
    "When logs are asked for, a test file shows that the bucket takes them.",
    f"{GUIDE}enable-access-logging.html Corymbia/eucalyptus#92",
)
def test_a_bucket_gets_a_test_file(aws: Aws, balancer: str, bucket: str, name: str) -> None:
    account = aws.client("sts").get_caller_identity()["Account"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/web/AWSLogs/{account}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)

    ask_for_logs(aws.client("elbv2"), balancer, bucket)

    assert logged(aws.client("elbv2"), balancer) == "true"
    key = f"web/AWSLogs/{account}/ELBAccessLogTestFile"
    text = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert text.startswith(f"Enable AccessLog for ELB: {name} at ")
