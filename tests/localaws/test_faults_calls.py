"""Faults of requests: errors in every protocol's shape, slowness, throttling; seen by boto3."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.localaws.conftest import Client, LocalAws
from tests.localaws.test_faults import ask

READS: dict[str, tuple[str, dict[str, Any]]] = {
    "acm": ("list_certificates", {}),
    "application-autoscaling": ("describe_scalable_targets", {"ServiceNamespace": "ecs"}),
    "cloudformation": ("describe_stacks", {}),
    "cloudwatch": ("list_metrics", {}),
    "ec2": ("describe_vpcs", {}),
    "ecs": ("list_clusters", {}),
    "elbv2": ("describe_load_balancers", {}),
    "iam": ("list_roles", {}),
    "lambda": ("list_functions", {}),
    "logs": ("describe_log_groups", {}),
    "route53": ("list_hosted_zones", {}),
    "s3": ("list_buckets", {}),
    "sqs": ("list_queues", {}),
    "sts": ("get_caller_identity", {}),
}


@pytest.fixture(autouse=True)
def faults(aws: LocalAws) -> Iterator[None]:
    yield
    ask(aws, "DELETE")


def read(aws: LocalAws, service: str) -> Any:  # noqa: ANN401 (an answer of boto3's)
    operation, params = READS[service]
    return getattr(aws.client(service), operation)(**params)


def client(aws: LocalAws, service: str, **config: Any) -> Client:  # noqa: ANN401 (botocore's)
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{aws.port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(proxies={}, **config),
    )


@pytest.mark.parametrize("service", READS)
def test_an_error_comes_as_the_service_would_say_it_and_ends(aws: LocalAws, service: str) -> None:
    fault = {"kind": "error", "match": {"service": service}}
    ask(aws, "POST", body=fault | {"params": {"status": 503, "code": "Sick", "message": "A <b> c"}})

    with pytest.raises(ClientError) as refused:
        read(aws, service)
    hits = [one["hits"] for one in ask(aws, "DELETE")[1]["faults"]]

    response = refused.value.response
    assert (response["Error"]["Code"], response["Error"]["Message"]) == ("Sick", "A <b> c")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert hits == []
    assert read(aws, service)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("service", READS)
def test_the_operation_is_known_whatever_the_protocol(aws: LocalAws, service: str) -> None:
    operation = "".join(word.capitalize() for word in READS[service][0].split("_"))
    match = {"service": service, "operation": operation}
    ask(aws, "POST", body={"kind": "error", "match": match, "params": {"status": 500}})
    ask(aws, "POST", body={"kind": "error", "match": {"service": service, "operation": "Other"}})

    with pytest.raises(ClientError) as refused:
        read(aws, service)

    assert refused.value.response["Error"]["Code"] in ("InternalFailure", "InternalError")
    assert [one["hits"] for one in ask(aws, "GET")[1]["faults"]] == [1, 0]


@pytest.mark.parametrize("status", [399, 600])
def test_an_error_has_the_status_of_an_error(aws: LocalAws, status: int) -> None:
    refused = ask(aws, "POST", body={"kind": "error", "params": {"status": status}})

    assert refused == (400, {"message": "status is from 400 to 599."})


def test_an_object_of_s3_is_told_from_its_bucket(aws: LocalAws, name: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b", Body=b"text")
    ask(aws, "POST", body={"kind": "error", "match": {"service": "s3", "operation": "GetObject"}})

    with pytest.raises(ClientError, match="internal error"):
        s3.get_object(Bucket=name, Key="a/b")

    assert s3.head_object(Bucket=name, Key="a/b")["ContentLength"] == 4
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 1
    assert s3.get_bucket_location(Bucket=name)


def test_a_few_errors_are_healed_by_boto3s_retries(aws: LocalAws) -> None:
    ask(aws, "POST", body={"kind": "error", "match": {"service": "ecs"}, "times": 2})

    answer = client(aws, "ecs").list_clusters()

    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert ask(aws, "GET")[1]["faults"] == []


def test_what_is_slow_is_done_though_nobody_waited(aws: LocalAws, name: str) -> None:
    match = {"service": "ecs", "operation": "CreateCluster"}
    ask(aws, "POST", body={"kind": "slow", "match": match, "params": {"seconds": 60}})
    impatient = client(aws, "ecs", read_timeout=0.5, retries={"total_max_attempts": 1})

    with pytest.raises(ReadTimeoutError):
        impatient.create_cluster(clusterName=name)

    found = aws.client("ecs").describe_clusters(clusters=[name])["clusters"]
    assert [one["status"] for one in found] == ["ACTIVE"]


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ecs", "ThrottlingException", 400),
        ("elbv2", "Throttling", 400),
        ("cloudformation", "Throttling", 400),
        ("ec2", "RequestLimitExceeded", 503),
        ("route53", "Throttling", 400),
        ("s3", "SlowDown", 503),
        ("logs", "ThrottlingException", 400),
    ],
)
def test_a_throttled_request_has_the_services_own_code(
    aws: LocalAws, service: str, code: str, status: int
) -> None:
    none = {"burst": 0, "per_second": 0}
    ask(aws, "POST", body={"kind": "throttling", "match": {"service": service}, "params": none})

    with pytest.raises(ClientError) as refused:
        read(aws, service)

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_bucket_empties_refills_and_the_standard_retries_get_through(aws: LocalAws) -> None:
    params = {"burst": 2, "per_second": 5}
    ask(aws, "POST", body={"kind": "throttling", "match": {"service": "ecs"}, "params": params})

    ecs = aws.client("ecs")
    made = until_refused(ecs.list_clusters)
    patient = client(aws, "ecs", retries={"total_max_attempts": 5}).list_clusters()

    assert made >= 2
    assert patient["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_awss_own_buckets_stop_the_twenty_first_task_definition(aws: LocalAws, name: str) -> None:
    ask(aws, "POST", body={"kind": "throttling"})
    ecs, container = aws.client("ecs"), {"name": "a", "image": "a", "memory": 8}

    def register() -> None:
        ecs.register_task_definition(family=name, containerDefinitions=[container])

    made = until_refused(register)

    assert 20 <= made < 60  # one more for each second that it took
    assert ecs.list_clusters()["clusterArns"]


def until_refused(call: Callable[[], None]) -> int:
    """How often it could be called."""
    for made in range(100):
        try:
            call()
        except ClientError as error:
            assert error.response["Error"]["Message"] == "Rate exceeded"  # noqa: PT017
            return made
    return 100
