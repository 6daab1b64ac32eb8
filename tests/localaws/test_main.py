"""The process: what it was seeded with, ports that are taken, and how it ends."""

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.localaws.conftest import (
    START_SECONDS,
    LocalAws,
    free_port,
    healthy,
    start,
    until,
)


def test_what_was_seeded_is_told_and_exists(aws: LocalAws) -> None:
    seed = json.loads(aws.get("/_local/seed"))

    assert seed["region"] == "us-east-1"
    assert seed["apps_domain"] == "localhost"
    assert seed["router_url"] == f"http://127.0.0.1:{aws.router_port}"
    ec2 = aws.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=seed["subnet_ids"])["Subnets"]
    assert {subnet["VpcId"] for subnet in subnets} == {seed["vpc_id"]}
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    balancers = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [b["LoadBalancerArn"] for b in balancers] == [seed["load_balancer_arn"]]
    listeners = aws.client("elbv2").describe_listeners(ListenerArns=[seed["listener_arn"]])
    assert listeners["Listeners"][0]["Port"] == 80
    roles = {role["Arn"] for role in aws.client("iam").list_roles()["Roles"]}
    assert {seed["execution_role_arn"], seed["task_role_arn"]} <= roles
    targets = aws.client("events").list_targets_by_rule(Rule="palatine-ecs")["Targets"]
    queue = aws.client("sqs").get_queue_attributes(
        QueueUrl=seed["queue_url"], AttributeNames=["QueueArn"]
    )
    assert [target["Arn"] for target in targets] == [queue["Attributes"]["QueueArn"]]
    instances = aws.client("ecs").list_container_instances(cluster=seed["cluster"])
    assert len(instances["containerInstanceArns"]) == 2


def test_nothing_else_is_at_a_local_address(aws: LocalAws) -> None:
    with pytest.raises(OSError, match="404"):
        aws.get("/_local/nothing")


@pytest.mark.parametrize("which", ["port", "router_port"])
def test_nobody_else_can_reach_it(aws: LocalAws, which: str) -> None:
    """127.0.0.2 is this machine too, as every address of it would be."""
    port = getattr(aws, which)

    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(OSError, match=r"refused|reach"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_the_registry_answers_on_the_same_port(aws: LocalAws) -> None:
    assert aws.get("/v2/") == b"{}"


@pytest.mark.parametrize("option", ["--port", "--router-port"])
def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path, option: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = {"port": free_port(), "router_port": free_port()}
        ports[option.strip("-").replace("-", "_")] = taken

        process = start(tmp_path, **ports)
        _, complaint = process.communicate(timeout=20)

    assert process.returncode == 1
    assert complaint.decode() == (
        f"Port {taken} of 127.0.0.1 is taken; choose another with {option}.\n"
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_even_with_a_receiver_waiting(
    tmp_path: Path, how: signal.Signals
) -> None:
    port, router_port = free_port(), free_port()
    process = start(tmp_path, port=port, router_port=router_port)
    local = LocalAws(port, router_port, process)
    until(lambda: healthy(local), START_SECONDS)
    with socket.create_connection(("127.0.0.1", port)) as waiting:
        body = json.dumps(
            {"QueueUrl": json.loads(local.get("/_local/seed"))["queue_url"], "WaitTimeSeconds": 20}
        )
        waiting.sendall(
            b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\n"
            b"content-type: application/x-amz-json-1.0\r\nauthorization: AWS4-HMAC-SHA256 "
            b"Credential=a/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=a\r\n"
            + f"content-length: {len(body)}\r\n\r\n{body}".encode()
        )
        assert healthy(local)  # asked after it, so it has been read

        process.send_signal(how)
        _, complaint = process.communicate(timeout=15)

        assert b"200 OK" in waiting.recv(4096)
    assert process.returncode == 0
    assert complaint == b""
