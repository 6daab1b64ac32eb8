"""AWS as these tests reach it: the local one, or with `PALATINE_CONFORMANCE=aws` a real account.

Everything here goes through boto3, makes what it needs under names of its own, and takes it away
again; nothing here knows of anything that is local only. A real account is the one that boto3
finds in the environment; what the tests stand on is a stack of their own there (`place.py`).
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
from tests.conformance.eventing import Eventing
from tests.conformance.hosting import Hosting
from tests.conformance.logged import Logged
from tests.conformance.place import Place, standing
from tests.conformance.serving import Served
from tests.conformance.stacking import Stacking
from tests.conformance.tasking import Tasking
from tests.conformance.waiting import AMAZONS, REAL, until
from tests.localaws.conftest import START_SECONDS, free_port, healthy, start
from tests.localaws.conftest import LocalAws as Local
from tests.localaws.containing import push_image

Client = Any  # boto3 makes its classes as it runs
IMAGE = "public.ecr.aws/docker/library/busybox:stable"  # of a real account's tasks

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

    def acting(self, key: str, secret: str, token: str) -> str:
        """The ARN of whoever has these credentials."""
        credentials = {
            "aws_access_key_id": key,
            "aws_secret_access_key": secret,
            "aws_session_token": token,
        }
        sts = boto3.client("sts", region_name=self.region, **self._local() | credentials)
        return str(sts.get_caller_identity()["Arn"])

    def _local(self) -> dict[str, Any]:
        if self.endpoint is None:
            return {}
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
            "config": Config(retries={"total_max_attempts": 1}, proxies={}),
        }


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    if REAL:
        region = boto3.Session().region_name
        assert region, "AWS_DEFAULT_REGION says which region to work in"
        yield Aws(None, region)
        return
    port, router_port = free_port(), free_port()
    home: Path = tmp_path_factory.mktemp("conformance")
    running = Local(port, router_port, start(home, port=port, router_port=router_port))
    try:
        until(lambda: healthy(running), START_SECONDS)
        yield Aws(f"http://127.0.0.1:{port}", "us-east-1")
    finally:
        running.process.terminate()
        running.process.communicate(timeout=15)


@pytest.fixture(scope="session")
def place(aws: Aws) -> Iterator[Place]:
    if aws.endpoint:
        yield from standing(aws, push_image(int(aws.endpoint.rpartition(":")[2])))
    else:
        yield from standing(aws, os.environ.get("PALATINE_CONFORMANCE_IMAGE", IMAGE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """AWS takes its time."""
    for item in items:
        if REAL and item.path.is_relative_to(ledger.FOLDER):
            item.add_marker(pytest.mark.timeout(3600))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if REAL and report.when == "call":
        (_passed if report.passed else _failed).add(report.location[2].partition("[")[0])


def pytest_sessionfinish() -> None:
    if AMAZONS:
        ledger.see(_passed - _failed, datetime.now(UTC).date())


@pytest.fixture
def name() -> str:
    """Of a stack, a queue…: unlike all others, and fit for every service."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def stacking(aws: Aws, name: str) -> Iterator[Stacking]:
    of_the_test = Stacking(aws.client("cloudformation"), name)
    yield of_the_test
    of_the_test.clean()


@pytest.fixture
def hosting(aws: Aws, place: Place, name: str) -> Iterator[Hosting]:
    of_the_test = Hosting(aws, place, name)
    yield of_the_test
    of_the_test.clean()


@pytest.fixture
def served(aws: Aws, place: Place, name: str) -> Iterator[Served]:
    of_the_test = Served(aws.client("ecs"), place.cluster, place.image, name)
    yield of_the_test
    of_the_test.clean()


@pytest.fixture
def tasking(aws: Aws, place: Place, name: str) -> Iterator[Tasking]:
    of_the_test = Tasking(aws, place, name)
    yield of_the_test
    of_the_test.clean()


@pytest.fixture
def eventing(aws: Aws, name: str) -> Iterator[Eventing]:
    of_the_test = Eventing(aws.client("events"), aws.client("sqs"), name)
    yield of_the_test
    of_the_test.clean()


@pytest.fixture
def logged(aws: Aws, name: str) -> Iterator[Logged]:
    """With a group of logs."""
    of_the_test = Logged(aws.client("logs"), aws.region, name)
    of_the_test.create()
    yield of_the_test
    of_the_test.clean()
