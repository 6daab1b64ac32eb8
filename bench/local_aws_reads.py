"""Raw DescribeServices a second on one core of the local AWS, as a part of what bare ASGI does.

The server has one core to itself and the load another; what is described is one service, then
ten, each with a hundred events: by bytes as tools send them, then by boto3.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from bench.support import costs, homes, load, servers
from bench.support.servers import Web

CONNECTIONS = 4
ROUNDS = 3
PROMISE = 1500  # raw DescribeServices a second
EVENTS = 100  # the most that DescribeServices ever shows
REGION = "us-east-1"


@dataclass
class Row:
    name: str
    a_round: int
    promise: str = ""
    sent: int = 0
    cpu: float = 0  # seconds of the server
    wall: float = 0


BARE = Row("bare ASGI", 4000)
RAW_ONE = Row("1 service, raw", 2000, f">= {PROMISE}")
RAW_TEN = Row("10 services, raw", 200)
BOTO_ONE = Row("1 service, boto3", 200)
BOTO_TEN = Row("10 services, boto3", 50)


def main() -> None:
    with homes.temporary() as home, servers.bare() as bare, servers.local_aws(home) as ours:
        ecs = _client(ours)
        names = _services(ecs)
        _until_idle(ours)  # what it made is still being told to EventBridge
        _one_core_each(bare, ours)
        for number in range(-1, ROUNDS):  # one to warm up
            counts = number >= 0
            _measure(BARE, bare, _sending(bare, load.request("GET", "/")), counts)
            _measure(RAW_ONE, ours, _sending(ours, _describing(names[:1])), counts)
            _measure(RAW_TEN, ours, _sending(ours, _describing(names)), counts)
            _measure(BOTO_ONE, ours, _calling(ecs, names[:1]), counts)
            _measure(BOTO_TEN, ours, _calling(ecs, names), counts)
    _print([BARE, RAW_ONE, RAW_TEN, BOTO_ONE, BOTO_TEN])


def _client(at: Web) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
    return boto3.client(
        "ecs",
        endpoint_url=f"http://127.0.0.1:{at.port}",
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def _services(ecs: Any) -> list[str]:  # noqa: ANN401 (as above)
    """Ten that want no task, deployed over and over until each has all its events."""
    container = {"name": "main", "image": "none", "memory": 32}
    ecs.register_task_definition(family="bench", containerDefinitions=[container])
    names = [f"bench-{number}" for number in range(10)]
    for name in names:
        ecs.create_service(
            cluster="palatine", serviceName=name, taskDefinition="bench", desiredCount=0
        )
        _deploy_until_talkative(ecs, name)
    return names


def _deploy_until_talkative(ecs: Any, name: str) -> None:  # noqa: ANN401 (as above)
    for _ in range(20 * EVENTS):
        found = ecs.describe_services(cluster="palatine", services=[name])["services"][0]
        if len(found["events"]) >= EVENTS:
            return
        if len(found["deployments"]) == 1:
            ecs.update_service(cluster="palatine", service=name, forceNewDeployment=True)
        else:
            time.sleep(0.01)
    raise SystemExit(f"{name} did not come to {EVENTS} events.")


def _until_idle(at: Web) -> None:
    for _ in range(60):
        before = costs.cpu_seconds(at.pid)
        time.sleep(1)
        if costs.cpu_seconds(at.pid) - before < 0.05:
            return
    raise SystemExit("The local AWS did not come to rest within a minute.")


def _one_core_each(*servers: Web) -> None:
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    for server in servers:
        os.sched_setaffinity(server.pid, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)


def _describing(names: Sequence[str]) -> bytes:
    body = json.dumps({"cluster": "palatine", "services": list(names)}).encode()
    scope = f"20260101/{REGION}/ecs/aws4_request"
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/x-amz-json-1.1\r\n"
        "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeServices\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential=local/{scope}, Signature=0\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _sending(at: Web, request: bytes) -> Callable[[int], None]:
    def send(count: int) -> None:
        load.send(at.port, [request] * count, connections=CONNECTIONS)

    return send


def _calling(ecs: Any, names: Sequence[str]) -> Callable[[int], None]:  # noqa: ANN401 (as above)
    def call(count: int) -> None:
        for _ in range(count):
            ecs.describe_services(cluster="palatine", services=list(names))

    return call


def _measure(row: Row, at: Web, act: Callable[[int], None], counts: bool) -> None:
    cpu, began = costs.cpu_seconds(at.pid), time.perf_counter()
    act(row.a_round)
    if counts:
        row.sent += row.a_round
        row.wall += time.perf_counter() - began
        row.cpu += costs.cpu_seconds(at.pid) - cpu


def _print(rows: Sequence[Row]) -> None:
    print(f"{'':24}{'a second':>10}{'a CPU second':>14}{'x bare CPU':>12}  promise")
    bare = rows[0].cpu / rows[0].sent
    for row in rows:
        ratio = row.cpu / row.sent / bare
        print(
            f"{row.name:24}{row.sent / row.wall:10.0f}{row.sent / row.cpu:14.0f}"
            f"{ratio:12.1f}  {row.promise}"
        )


if __name__ == "__main__":
    main()
