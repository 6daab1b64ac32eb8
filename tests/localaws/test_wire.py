"""What boto3 sends is understood, and boto3 understands what is answered."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import boto3
import botocore.session
import pytest
from botocore.awsrequest import HeadersDict
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.utils import get_service_model

from localaws.wire import AwsError, json, models, query
from localaws.wire.request import Request, owner
from tests.localaws.conftest import LocalAws

AT = datetime(2026, 5, 4, 3, 2, 1, 500000, tzinfo=UTC)


def _sent(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Through boto3's serializer and our reader."""
    model = models.operation(service, operation)
    request = create_serializer(models.protocol(service)).serialize_to_request(params, model)
    if models.protocol(service) == "json":
        return json.read(request["body"], model.input_shape)
    form = Request("POST", "/", urlencode(request["body"]), (), b"").form
    return query.read(form, model.input_shape)


def _answered(service: str, operation: str, result: dict[str, Any]) -> dict[str, Any]:
    """Through our writer and boto3's parser."""
    model = models.operation(service, operation)
    is_json = models.protocol(service) == "json"
    body = json.write(result) if is_json else query.write(model, result, "request-1")
    response = {"status_code": 200, "headers": HeadersDict({}), "body": body}
    parsed = create_parser(models.protocol(service)).parse(response, model.output_shape)
    del parsed["ResponseMetadata"]
    return dict(parsed)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ecs", "UpdateService", {"service": "web", "desiredCount": 0, "forceNewDeployment": True}),
        ("ecs", "ListServiceDeployments", {"service": "web", "createdAt": {"after": AT}}),
        ("events", "PutEvents", {"Entries": [{"Source": "a", "Time": AT, "Resources": []}]}),
        (
            "cloudformation",
            "CreateStack",
            {
                "StackName": "a",
                "TemplateBody": "{} é &",
                "DisableRollback": False,
                "Tags": [{"Key": "a", "Value": "="}, {"Key": "b", "Value": "2"}],
            },
        ),
        (
            "elbv2",
            "CreateRule",
            {
                "ListenerArn": "l",
                "Priority": 3,
                "Conditions": [
                    {"Field": "host-header", "HostHeaderConfig": {"Values": ["a", "b"]}}
                ],
                "Actions": [{"Type": "forward", "TargetGroupArn": "t"}],
            },
        ),
        ("elbv2", "AddTags", {"ResourceArns": [], "Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_parameters_arrive_as_they_were_given(
    service: str, operation: str, params: dict[str, Any]
) -> None:
    assert _sent(service, operation, params) == params


@pytest.mark.parametrize(
    ("service", "operation", "result"),
    [
        ("ecs", "DescribeServices", {"services": [{"serviceName": "a", "createdAt": AT}]}),
        (
            "cloudformation",
            "DescribeStacks",
            {
                "Stacks": [
                    {
                        "StackName": "<a> & b",
                        "CreationTime": AT,
                        "StackStatus": "CREATE_COMPLETE",
                        "DisableRollback": False,
                        "Outputs": [{"OutputKey": "k", "OutputValue": "v"}],
                        "Tags": [],
                    }
                ]
            },
        ),
        (
            "elbv2",
            "DescribeTargetHealth",
            {
                "TargetHealthDescriptions": [
                    {"Target": {"Id": "i-1", "Port": 8080}, "TargetHealth": {"State": "healthy"}}
                ]
            },
        ),
    ],
)
def test_results_arrive_as_they_were_given(
    service: str, operation: str, result: dict[str, Any]
) -> None:
    answered = _answered(service, operation, result)

    if service == "ecs":  # botocore gives epoch times the machine's zone
        answered["services"][0]["createdAt"] = answered["services"][0]["createdAt"].astimezone(UTC)
    assert answered == result


def test_a_missing_an_unknown_and_a_mistyped_parameter_are_refused_by_name() -> None:
    params = {"desiredCount": "three", "colour": "red"}

    with pytest.raises(AwsError) as refused:
        models.validate("ecs", "UpdateService", params)

    assert refused.value.code == "ValidationException"
    for name in ("service", "desiredCount", "colour"):
        assert name in refused.value.message


def test_an_unknown_parameter_of_the_query_protocol_is_refused_by_name() -> None:
    shape = models.operation("cloudformation", "DeleteStack").input_shape

    with pytest.raises(AwsError, match="Colour"):
        query.read({"Action": "DeleteStack", "StackName": "a", "Colour": "red"}, shape)


@pytest.mark.parametrize(
    ("headers", "form", "expected"),
    [
        ({"authorization": "Credential=a/1/us-east-1/ecs/aws4_request"}, {}, "ecs"),
        ({"authorization": "Credential=a/1/us-east-1/sqs/aws4_request"}, {}, None),
        ({}, {"Version": "2010-05-15"}, "cloudformation"),
        ({}, {"Version": "2015-12-01"}, "elbv2"),
        ({}, {"Version": "2012-06-01"}, None),  # the classic load balancer signs the same name
        ({}, {}, "ecs"),
    ],
)
def test_the_service_is_found_by_scope_target_or_version(
    headers: dict[str, str], form: dict[str, str], expected: str | None
) -> None:
    if not form:
        headers = headers | {"x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
    request = Request("POST", "/", urlencode(form), tuple(headers.items()), b"")

    assert owner(request, ["ecs", "elbv2", "cloudformation"]) == expected


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("events", "create_archive", {"ArchiveName": "a", "EventSourceArn": "arn:aws:events:a"}),
        ("cloudformation", "list_types", {}),
        ("ecs", "list_account_settings", {}),
        ("elbv2", "describe_account_limits", {}),
    ],
)
def test_an_operation_that_is_not_modelled_is_refused_by_name(
    aws: LocalAws, service: str, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service), operation)(**params)

    response = refused.value.response
    camel = "".join(part.capitalize() for part in operation.split("_"))
    assert response["Error"]["Code"] == "UnsupportedOperation"
    assert response["Error"]["Message"] == f"{service}.{camel} is not modelled by the local AWS"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_what_is_not_ours_falls_through_to_moto(aws: LocalAws, name: str) -> None:
    s3 = aws.client("s3")

    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/é", Body=b"bytes")

    assert s3.get_object(Bucket=name, Key="a/é")["Body"].read() == b"bytes"
    assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert aws.client("route53").list_hosted_zones()["HostedZones"] == []
    assert aws.client("acm").list_certificates()["CertificateSummaryList"] == []
    aws.client("ssm").put_parameter(Name=name, Value="v", Type="String")
    assert aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "v"


def test_motos_refusals_reach_boto3_as_such(aws: LocalAws) -> None:
    with pytest.raises(aws.client("sqs").exceptions.QueueDoesNotExist) as refused:
        aws.client("sqs").get_queue_url(QueueName="nowhere")
    assert refused.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    with pytest.raises(aws.client("secretsmanager").exceptions.ResourceNotFoundException):
        aws.client("secretsmanager").describe_secret(SecretId="nowhere")


def test_what_moto_adds_to_a_service_model_is_not_seen_by_boto3() -> None:
    def codes() -> set[str]:
        session = botocore.session.get_session()
        return {one.error_code for one in session.get_service_model("sqs").error_shapes}

    before = codes()
    in_moto = {one.error_code for one in get_service_model("sqs").error_shapes}

    assert "AWS.SimpleQueueService.NonExistentQueue" in in_moto
    assert codes() == before
    assert "QueueDoesNotExist" in before


def test_repositories_are_in_the_registry_of_this_machine(aws: LocalAws, name: str) -> None:
    made = aws.client("ecr").create_repository(repositoryName=name)["repository"]

    assert made["repositoryUri"] == f"127.0.0.1:{aws.port}/{name}"


def test_all_services_share_one_address_and_account(aws: LocalAws) -> None:
    session = boto3.Session(
        aws_access_key_id="another", aws_secret_access_key="key", region_name="us-east-1"
    )
    client = session.client("sts", endpoint_url=f"http://127.0.0.1:{aws.port}")

    assert client.get_caller_identity()["Account"] == "123456789012"
