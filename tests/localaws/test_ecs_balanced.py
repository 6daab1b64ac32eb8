"""Services behind the load balancer, through boto3 and the router."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from botocore.exceptions import ClientError

from tests.localaws.conftest import LocalAws, until
from tests.localaws.containing import BREAKER, Cluster, push_image, said, steady

WEB = """
import http.server, os, signal, sys, threading, time

class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/slow':
            open(sys.argv[2] + '-asked', 'w').close()
            time.sleep(1.5)
        sick = os.path.exists(sys.argv[2]) and self.path == '/health'
        self.send_response(500 if sick else 200)
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())

    def log_message(self, *_):
        pass

address = os.environ['HOST'], int(os.environ['PORT'])
http.server.ThreadingHTTPServer(address, Web).serve_forever()
"""
_opener = build_opener(ProxyHandler({}))


@dataclass
class Web(Cluster):
    aws: LocalAws
    group: str
    sickness: str  # tasks are unhealthy while there is a file of this name

    def answering(self, text: str) -> str:
        return self.register(
            command=["python3", "-c", WEB, text, self.sickness],
            portMappings=[{"containerPort": 8080}],
        )

    def balanced(self, definition: str, count: int = 1, **more: object) -> None:
        balancer = {
            "targetGroupArn": self.group,
            "containerName": "main",
            "containerPort": 8080,
        }
        self.create(definition, count, loadBalancers=[balancer], **more)

    def get(self, path: str = "/") -> str:
        url = f"http://127.0.0.1:{self.aws.router_port}{path}"
        asked = Request(url, headers={"Host": f"{self.name}.localhost"})
        with _opener.open(asked, timeout=10) as answer:
            return str(answer.read().decode())

    def targets(self) -> list[str]:
        shown = self.aws.client("elbv2").describe_target_health(TargetGroupArn=self.group)
        return [one["TargetHealth"]["State"] for one in shown["TargetHealthDescriptions"]]


@pytest.fixture
def web(aws: LocalAws, name: str, tmp_path: Path) -> Iterator[Web]:
    elb, seed = aws.client("elbv2"), json.loads(aws.get("/_local/seed"))
    group = elb.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=8080,
        VpcId=seed["vpc_id"],
        TargetType="instance",
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    rule = elb.create_rule(
        ListenerArn=seed["listener_arn"],
        Priority=int(name[1:6], 16) % 40000 + 1,
        Conditions=[
            {"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.localhost"]}}
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Rules"][0]["RuleArn"]
    sickness = f"{tmp_path}/sick"
    cluster, image = seed["cluster"], push_image(aws.port)
    yield Web(aws.client("ecs"), cluster, image, name, aws, group, sickness)
    if aws.client("ecs").describe_services(cluster=cluster, services=[name])["services"]:
        aws.client("ecs").delete_service(cluster=cluster, service=name, force=True)
    elb.delete_rule(RuleArn=rule)


def test_a_rolling_update_loses_no_request(web: Web) -> None:
    web.balanced(web.answering("old"), 2)
    web.steady()
    assert web.get() == "old"
    answers: set[str] = set()

    web.update(taskDefinition=web.answering("new"))
    service = web.until(lambda one: answers.add(web.get()) or steady(one))

    assert answers == {"old", "new"}
    assert web.get() == "new"
    assert web.targets() == ["healthy", "healthy"]
    for words in (
        "registered ",
        "deregistered ",
        "has begun draining connections on ",
        "has stopped ",
    ):
        assert said(service, words)


def test_a_task_ends_only_when_it_has_answered(web: Web) -> None:
    web.balanced(web.answering("slowly"))
    web.steady()
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(web.get("/slow")))
    asking.start()
    until(Path(web.sickness + "-asked").exists)
    task = web.tasks()[0]

    web.ecs.stop_task(cluster=web.cluster, task=task["taskArn"])
    asking.join(10)

    assert answers == ["slowly"]
    assert web.stopped(task)["containers"][0]["exitCode"] == 143


def test_unhealthy_tasks_are_replaced_and_open_the_breaker(web: Web) -> None:
    breaker = BREAKER | {"thresholdConfiguration": {"type": "COUNT", "value": 1}}
    Path(web.sickness).touch()
    web.balanced(
        web.answering("sick"), deploymentConfiguration={"deploymentCircuitBreaker": breaker}
    )

    service = web.until(lambda one: one["deployments"][0]["rolloutState"] == "FAILED", 60)

    reasons = {task["stoppedReason"] for task in web.tasks("STOPPED")}
    assert reasons == {f"Task failed ELB health checks in (target-group {web.group})"}
    assert said(service, "is unhealthy in (target-group ", "Health checks failed")


def test_in_the_grace_period_unhealthy_tasks_are_let_be(web: Web) -> None:
    Path(web.sickness).touch()
    web.balanced(web.answering("sick"), healthCheckGracePeriodSeconds=600)

    until(lambda: web.targets() == ["unhealthy"], 30)

    assert [task["lastStatus"] for task in web.tasks()] == ["RUNNING"]
    assert web.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_a_target_group_without_a_load_balancer_is_refused(web: Web, aws: LocalAws) -> None:
    for group in (web.group[:-2] + "00", _unused(web, aws)):
        web.group = group
        with pytest.raises(ClientError, match="does not have an associated load balancer"):
            web.balanced(web.answering("nothing"))


def _unused(web: Web, aws: LocalAws) -> str:
    vpc = json.loads(aws.get("/_local/seed"))["vpc_id"]
    made = aws.client("elbv2").create_target_group(
        Name=f"{web.name}-2", Protocol="HTTP", Port=80, VpcId=vpc
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def test_without_tasks_there_is_no_answer(web: Web) -> None:
    web.balanced(web.answering("gone"))
    web.steady()
    web.update(desiredCount=0)
    web.steady()

    with pytest.raises((HTTPError, URLError), match="503"):
        web.get()


def test_a_load_balancer_must_name_a_port_of_the_definition(web: Web) -> None:
    with pytest.raises(ClientError, match="did not have a container port 8080 defined"):
        web.balanced(web.register())
