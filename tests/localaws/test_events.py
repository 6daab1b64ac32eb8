"""EventBridge: events that arrive in a queue in AWS's envelope."""

import json
import threading
import time
from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.localaws import registering
from tests.localaws.conftest import Client, LocalAws


@pytest.fixture
def rules(aws: LocalAws) -> Client:
    return aws.client("events")


@pytest.fixture
def queue_url(aws: LocalAws, rules: Client, name: str) -> str:
    """A queue that gets the events whose source is the test's name."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    open_to_all = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    made = aws.client("sqs").create_queue(QueueName=name, Attributes=open_to_all)
    url = str(made["QueueUrl"])
    rules.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    rules.put_targets(
        Rule=name, Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}]
    )
    return url


def test_an_event_arrives_in_the_queue_of_a_matching_rule_in_awss_envelope(
    aws: LocalAws, rules: Client, name: str, queue_url: str
) -> None:
    entry = {"Source": name, "DetailType": "Changed", "Detail": '{"a": {"b": null}}'}

    put = rules.put_events(Entries=[entry | {"Resources": ["arn:x"]}, entry | {"Source": "other"}])

    got = aws.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
    event = json.loads(got[0]["Body"])
    assert len(got) == 1
    assert put["FailedEntryCount"] == 0
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "id": put["Entries"][0]["EventId"],
        "detail-type": "Changed",
        "source": name,
        "account": "123456789012",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": {"a": {"b": None}},
    }


def test_a_long_poll_ends_with_the_message_and_holds_up_nobody(
    aws: LocalAws, rules: Client, name: str, queue_url: str
) -> None:
    got: list[Any] = []

    def receive() -> None:
        answer = aws.client("sqs").receive_message(QueueUrl=queue_url, WaitTimeSeconds=20)
        got.extend(answer.get("Messages", []))

    waiting = threading.Thread(target=receive)
    began = time.monotonic()
    waiting.start()
    aws.client("logs").create_log_group(logGroupName=f"/{name}")
    rules.put_events(Entries=[{"Source": name, "DetailType": "Changed", "Detail": "{}"}])
    waiting.join(timeout=20)

    assert len(got) == 1
    assert time.monotonic() - began < 5


def test_a_receiver_that_went_away_takes_no_message_with_it(
    aws: LocalAws, rules: Client, name: str, queue_url: str
) -> None:
    gone = boto3.client(
        "sqs",
        endpoint_url=f"http://127.0.0.1:{aws.port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=0.3, proxies={}),
    )
    with pytest.raises(ReadTimeoutError):
        gone.receive_message(QueueUrl=queue_url, WaitTimeSeconds=20)
    gone.close()

    rules.put_events(Entries=[{"Source": name, "DetailType": "Changed", "Detail": "{}"}])

    got = aws.client("sqs").receive_message(QueueUrl=queue_url, WaitTimeSeconds=2)
    assert len(got["Messages"]) == 1


def test_entries_that_are_refused_are_named_one_by_one(rules: Client, name: str) -> None:
    good = {"Source": name, "DetailType": "Changed", "Detail": "{}"}

    put = rules.put_events(
        Entries=[good, good | {"Detail": "{"}, good | {"Source": "aws.ecs"}, {"Source": name}]
    )

    assert put["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in put["Entries"]] == [
        None,
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
    ]


def test_a_rule_lives_until_it_has_no_targets(rules: Client, name: str, queue_url: str) -> None:
    assert name in [rule["Name"] for rule in rules.list_rules(NamePrefix=name)["Rules"]]
    assert [t["Id"] for t in rules.list_targets_by_rule(Rule=name)["Targets"]] == ["q"]

    with pytest.raises(ClientError, match="since it has targets"):
        rules.delete_rule(Name=name)
    rules.remove_targets(Rule=name, Ids=["q"])
    rules.delete_rule(Name=name)

    with pytest.raises(rules.exceptions.ResourceNotFoundException):
        rules.describe_rule(Name=name)
    rules.delete_rule(Name=name)


def test_a_target_of_a_kind_that_is_not_modelled_is_refused(
    rules: Client, name: str, queue_url: str
) -> None:
    target = {"Id": "f", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}

    with pytest.raises(ClientError, match="not to arn:aws:lambda"):
        rules.put_targets(Rule=name, Targets=[target])


def test_a_push_to_the_registry_and_a_deletion_are_told(
    aws: LocalAws, rules: Client, name: str, queue_url: str
) -> None:
    pattern = {"source": ["aws.ecr"], "detail": {"repository-name": [name]}}
    rules.put_rule(Name=name, EventPattern=json.dumps(pattern))
    config = json.dumps({"config": {}}).encode()
    manifest = registering.manifest(config, b"layer")
    digest = registering.digest(manifest)

    with httpx2.Client(base_url=f"http://127.0.0.1:{aws.port}", trust_env=False) as client:
        registering.push_blob(client, name, config)
        registering.push_blob(client, name, b"layer")
        registering.push_manifest(client, name, "v1", manifest)
        registering.push_manifest(client, name, digest, manifest)
        client.delete(f"/v2/{name}/manifests/{digest}")

    got = aws.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
    details = [json.loads(message["Body"])["detail"] for message in got]
    told = {"result": "SUCCESS", "repository-name": name, "image-digest": digest}
    assert details == [
        told | {"action-type": "PUSH", "image-tag": "v1"},
        told | {"action-type": "PUSH"},
        told | {"action-type": "DELETE", "image-tag": "v1"},
    ]
