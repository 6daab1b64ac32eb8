"""AWS as these tests reach it: the local one, or with `PALATINE_CONFORMANCE=aws` a real account.

Everything here goes through boto3, makes what it needs under names of its own, and takes it away
again; nothing here knows of anything that is local only. A real account gives the place to work
in by environment variables: see `place`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.conformance import ledger
from tests.conformance.stacking import Stacking
from tests.conformance.waiting import REAL, until
from tests.localaws.conftest import LocalAws as Local
from tests.localaws.conftest import free_port, healthy, start
from tests.localaws.containing import push_image

Client = Any  # boto3 makes its classes as it runs

_passed, _failed = set[str](), set[str]()  # names of tests


@dataclass(frozen=True)
class Aws:
    """Real or local; `client` by boto3's name."""

    endpoint: str | None
    region: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Client:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, region_name=self.region, **self._local())
        return self._clients[service]

    def _local(self) -> dict[str, Any]:
        if self.endpoint is None:
            return {}
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
            "config": Config(retries={"total_max_attempts": 1}, proxies={}),
        }


@dataclass(frozen=True)
class Place:
    """What tests stand on and never change: a network, a cluster with two instances in two zones
    that nobody else uses, a listener, an image whose command is `sh -c`, roles, a machine image of
    Amazon's for ECS."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    cluster: str
    listener_arn: str
    execution_role_arn: str
    image: str
    image_id: str


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    if REAL:
        yield Aws(None, os.environ["AWS_REGION"])
        return
    port, router_port = free_port(), free_port()
    home: Path = tmp_path_factory.mktemp("conformance")
    running = Local(port, router_port, start(home, port=port, router_port=router_port))
    try:
        until(lambda: healthy(running), 30)
        yield Aws(f"http://127.0.0.1:{port}", "us-east-1")
    finally:
        running.process.terminate()
        running.process.communicate(timeout=15)


@pytest.fixture(scope="session")
def place(aws: Aws) -> Place:
    """Of a real account, from PALATINE_CONFORMANCE_VPC_ID, _SUBNET_IDS (by commas), _CLUSTER,
    _LISTENER_ARN, _EXECUTION_ROLE_ARN, _IMAGE, _IMAGE_ID."""
    if REAL:
        given = {
            name.removeprefix("PALATINE_CONFORMANCE_").lower(): value
            for name, value in os.environ.items()
            if name.startswith("PALATINE_CONFORMANCE_")
        }
        return Place(**{**given, "subnet_ids": tuple(given["subnet_ids"].split(","))})
    return _seeded(aws)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if REAL and report.when == "call":
        (_passed if report.passed else _failed).add(report.location[2].partition("[")[0])


def pytest_sessionfinish() -> None:
    if REAL:
        ledger.see(_passed - _failed, datetime.now(UTC).date())


@pytest.fixture
def name() -> str:
    """Of a stack, a queue…: unlike all others, and fit for every service."""
    return f"t{uuid.uuid4().hex[:10]}"


def _seeded(aws: Aws) -> Place:
    """What a new local AWS has, found as anyone would find it."""
    vpc = aws.client("ec2").describe_subnets(
        Filters=[{"Name": "cidr-block", "Values": ["10.0.0.0/24", "10.0.1.0/24"]}]
    )["Subnets"]
    elbv2 = aws.client("elbv2")
    balancer = elbv2.describe_load_balancers(Names=["palatine"])["LoadBalancers"][0]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
    role = aws.client("iam").get_role(RoleName="palatine-execution")
    return Place(
        vpc_id=vpc[0]["VpcId"],
        subnet_ids=tuple(one["SubnetId"] for one in vpc),
        cluster="palatine",
        listener_arn=listeners["Listeners"][0]["ListenerArn"],
        execution_role_arn=role["Role"]["Arn"],
        image=_empty_image(aws),
        image_id=_machine_image(aws),
    )


def _machine_image(aws: Aws) -> str:
    found = aws.client("ec2").describe_instances()["Reservations"]
    return str(found[0]["Instances"][0]["ImageId"])


def _empty_image(aws: Aws) -> str:
    assert aws.endpoint is not None
    return push_image(int(aws.endpoint.rpartition(":")[2]))


@pytest.fixture
def stacking(aws: Aws, name: str) -> Iterator[Stacking]:
    of_the_test = Stacking(aws.client("cloudformation"), name)
    yield of_the_test
    of_the_test.clean()
