"""The local AWS is killed and started again, at other ports: everything is as it was."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.localaws import stacks
from tests.localaws.conftest import LocalAws, free_port, start, until
from tests.localaws.containing import push_image
from tests.localaws.killing import Life


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.end()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_there_was_is_there(life: Life, how: signal.Signals) -> None:
    sqs, cfn = life.aws.client("sqs"), life.aws.client("cloudformation")
    queue = sqs.create_queue(QueueName="mine")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    life.aws.client("s3").create_bucket(Bucket="bucket")
    life.aws.client("s3").put_object(Bucket="bucket", Key="a/b", Body=b"text")
    life.aws.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    key = life.aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    stacks.create(cfn, "app", stacks.template(A=stacks.log_group("app")))
    seed = json.loads(life.aws.get("/_local/seed"))
    life.written()

    aws = life.killed(how)

    again = json.loads(aws.get("/_local/seed"))
    assert (seed.pop("new"), again.pop("new")) == (True, False)
    assert {name for name in seed if seed[name] != again[name]} == {"queue_url", "router_url"}
    messages = aws.client("sqs").receive_message(QueueUrl=again["queue_url"][:-15] + "mine")
    assert [one["Body"] for one in messages["Messages"]] == ["hello"]
    found = aws.client("s3").get_object(Bucket="bucket", Key="a/b")
    assert found["Body"].read() == b"text"
    assert aws.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"
    assert [one["KeyId"] for one in aws.client("kms").list_keys()["Keys"]] == [key]
    described = stacks.described(aws.client("cloudformation"), "app")
    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert len(aws.client("logs").describe_log_groups()["logGroups"]) == 1


def test_services_run_again_and_no_process_is_left_of_those_before(life: Life) -> None:
    ecs = life.aws.client("ecs")
    container = {
        "name": "main",
        "image": push_image(life.aws.port),
        "command": ["sh", "-c", "exec sleep 3600"],
        "memory": 32,
    }
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    ecs.create_service(cluster="palatine", serviceName="web", taskDefinition="web", desiredCount=2)
    until(lambda: running(life.aws) == 2)
    before = set(tasks(life.aws))
    life.written()
    processes = life.processes()

    life.aws.process.kill()
    life.aws.process.communicate(timeout=20)
    gone, alive = psutil.wait_procs(processes, timeout=15)
    aws = life.started()
    until(lambda: not before & set(tasks(aws)) and running(aws) == 2, 60)

    assert (len(processes) >= 2, len(gone), alive) == (True, len(processes), [])
    described = aws.client("ecs").describe_tasks(cluster="palatine", tasks=sorted(before))
    assert {one["lastStatus"] for one in described["tasks"]} == {"STOPPED"}


def test_a_stack_operation_goes_on_and_a_fault_acts_until_it_is_ended(life: Life) -> None:
    slow = {"kind": "stack", "match": {"resource": "A"}, "params": {"seconds": 3, "fails": False}}
    life.faults(slow)
    body = stacks.template(A=stacks.log_group("app"))
    life.aws.client("cloudformation").create_stack(StackName="app", TemplateBody=body)
    life.written()

    aws = life.killed()

    listed = json.loads(aws.get("/_local/faults"))["faults"]
    assert [one["match"] for one in listed] == [{"resource": "A"}]
    assert stacks.ended(aws.client("cloudformation"), "app") == "CREATE_COMPLETE"


def test_a_second_one_on_the_same_home_is_refused(life: Life) -> None:
    second = start(life.home, port=free_port(), router_port=free_port())

    _, said = second.communicate(timeout=20)

    assert second.returncode == 1
    assert said.decode().startswith(f"A local AWS is running on {life.home}: stop it, or choose")


def test_a_state_of_another_version_is_refused_in_a_sentence(life: Life) -> None:
    life.written()
    life.aws.process.terminate()
    life.aws.process.communicate(timeout=20)
    path = life.home / "state" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["facts"]["made_by"]["moto"] = "0.1"
    path.write_text(json.dumps(manifest))

    refused = start(life.home, port=free_port(), router_port=free_port())
    _, said = refused.communicate(timeout=20)
    path.unlink()
    life.started()

    assert refused.returncode == 1
    assert "another version of the local AWS wrote it. Empty it with" in said.decode()


def running(aws: LocalAws) -> int:
    found = aws.client("ecs").describe_services(cluster="palatine", services=["web"])
    return int(found["services"][0]["runningCount"])


def tasks(aws: LocalAws) -> list[str]:
    return list(aws.client("ecs").list_tasks(cluster="palatine", serviceName="web")["taskArns"])
