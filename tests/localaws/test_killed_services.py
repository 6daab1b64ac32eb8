"""What stands around tasks goes on after a kill: load balancers, scaling, rules and events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.localaws.conftest import until
from tests.localaws.containing import push_image
from tests.localaws.killing import Life

Json = dict[str, Any]
WEB = "exec python3 -m http.server --bind $HOST $PORT"
SERVICE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/palatine/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
_opener = build_opener(ProxyHandler({}))


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.end()


def balanced(life: Life, **group: object) -> str:
    """The ARN of a target group with a rule of the seeded listener, and a service in it."""
    seed, elb = json.loads(life.aws.get("/_local/seed")), life.aws.client("elbv2")
    made = elb.create_target_group(
        Name="web", Protocol="HTTP", Port=8080, VpcId=seed["vpc_id"], TargetType="instance", **group
    )
    arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["web.localhost"]}}
    elb.create_rule(
        ListenerArn=seed["listener_arn"],
        Priority=1,
        Conditions=[host],
        Actions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    container = {"image": push_image(life.aws.port), "command": ["sh", "-c", WEB]}
    life.register("web", {**container, "portMappings": [{"containerPort": 8080}]})
    balancer = {"targetGroupArn": arn, "containerName": "main", "containerPort": 8080}
    life.serve("web", 2, loadBalancers=[balancer])
    return arn


def healthy(life: Life, group: str) -> int:
    shown = life.aws.client("elbv2").describe_target_health(TargetGroupArn=group)
    states = [one["TargetHealth"]["State"] for one in shown["TargetHealthDescriptions"]]
    return states.count("healthy")


def answers(life: Life) -> bool:
    url = f"http://127.0.0.1:{life.aws.router_port}/"
    try:
        with _opener.open(Request(url, headers={"Host": "web.localhost"}), timeout=10) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def test_a_load_balancer_sends_to_the_tasks_that_came_instead(life: Life) -> None:
    often = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2}
    group = balanced(life, **often, HealthyThresholdCount=2)
    until(lambda: healthy(life, group) == 2, 30)
    before = set(life.tasks("web"))
    assert answers(life)
    life.written()

    life.killed()

    until(lambda: len(set(life.tasks("web")) - before) == healthy(life, group) == 2, 60)
    assert answers(life)
    until(lambda: life.service("web")["deployments"][0]["rolloutState"] == "COMPLETED", 30)


def test_a_scalable_target_and_its_policy_go_on(life: Life) -> None:
    life.register("web", {"image": push_image(life.aws.port)})
    life.serve("web", 1)
    scaling = life.aws.client("application-autoscaling")
    scaling.register_scalable_target(**SERVICE, MinCapacity=1, MaxCapacity=4)
    step = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2}
    policy = scaling.put_scaling_policy(
        **SERVICE,
        PolicyName="more",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [step],
        },
    )["PolicyARN"]
    life.aws.client("cloudwatch").put_metric_alarm(
        AlarmName="busy",
        AlarmActions=[policy],
        Namespace="App",
        MetricName="Jobs",
        Statistic="Maximum",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=10,
        Period=60,
        EvaluationPeriods=1,
    )
    life.written()

    life.killed()
    life.aws.client("cloudwatch").put_metric_data(
        Namespace="App", MetricData=[{"MetricName": "Jobs", "Value": 99}]
    )

    until(lambda: life.service("web")["desiredCount"] == 3, 90)
    scaling = life.aws.client("application-autoscaling")
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)


def test_rules_bring_what_happens_from_then_on(life: Life) -> None:
    url = life.aws.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    arn = life.aws.client("sqs").get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    life.aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}
    life.aws.client("events").put_rule(Name="told", EventPattern=json.dumps(pattern))
    life.aws.client("events").put_targets(Rule="told", Targets=[{"Id": "q", "Arn": arn}])
    life.register("one", {"image": push_image(life.aws.port)})
    lost = life.run("one")
    life.becomes(lost, "RUNNING")
    told = events(life, lambda found: any(one["lastStatus"] == "RUNNING" for one in found))
    life.written()

    life.killed()
    after = events(life, lambda found: any(one["lastStatus"] == "STOPPED" for one in found))

    assert {one["taskArn"] for one in after} == {lost}
    newest = max(one["version"] for one in told)
    versions = sorted(one["version"] for one in after)
    assert versions == list(range(newest + 1, newest + 1 + len(versions)))
    assert life.run("one") in {
        one["taskArn"] for one in events(life, lambda found: len(found) >= 3)
    }


def events(life: Life, enough: Callable[[list[Json]], object]) -> list[Json]:
    """Details of those that have come to the queue since it was asked last."""
    sqs, found = life.aws.client("sqs"), list[Json]()
    url = sqs.get_queue_url(QueueName="told")["QueueUrl"]

    def come() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            found.append(json.loads(message["Body"])["detail"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bool(enough(found))

    until(come, 30)
    return found
