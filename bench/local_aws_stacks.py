"""Five hundred stacks of six resources in the local AWS: what each takes, and what they weigh.

Beside them, in the same run, the local AWS as it started, and a request to bare ASGI.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from bench.support import costs, homes, load, servers
from bench.support.servers import Web

STACKS = 500
RESOURCES = 6
PROMISE_MEGABYTES = 150
BARE_REQUESTS = 2000
WITHIN = 120.0  # seconds, for all stacks to come to their end


def main() -> None:
    with homes.temporary() as home, servers.bare() as bare, servers.local_aws(home) as ours:
        bare_cpu = _seconds(bare, lambda: _get(bare)) / BARE_REQUESTS
        empty = _megabytes(ours)
        client = _client(ours)
        names = [f"app-{number:03}" for number in range(STACKS)]
        rows = [
            ("created", _seconds(ours, lambda: _create(client, names))),
            ("described", _seconds(ours, lambda: _describe(client, names))),
        ]
        full = _megabytes(ours)
        rows += [
            ("updated", _seconds(ours, lambda: _update(client, names))),
            ("deleted", _seconds(ours, lambda: _delete(client, names))),
        ]
    print(f"{'a stack':24}{'CPU ms':>10}{'x bare':>10}")
    for name, cpu in rows:
        print(f"{name:24}{cpu / STACKS * 1e3:10.2f}{cpu / STACKS / bare_cpu:10.1f}")
    print(f"\n{'':24}{'PSS MB':>10}{'x empty':>10}  promise")
    print(f"{'no stack':24}{empty:10.1f}{1:10.2f}")
    weight = f"< {PROMISE_MEGABYTES} MB"
    print(f"{f'{STACKS} stacks of {RESOURCES}':24}{full:10.1f}{full / empty:10.2f}  {weight}")


def _get(bare: Web) -> None:
    load.send(bare.port, [load.request("GET", "/")] * BARE_REQUESTS, connections=4)


def _client(at: Web) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
    return boto3.client(
        "cloudformation",
        endpoint_url=f"http://127.0.0.1:{at.port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def _template(name: str, days: int) -> str:
    """Like an app's: a repository, a secret, a target group, and logs."""
    logs = {
        f"Logs{number}": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": f"/{name}/{number}", "RetentionInDays": days},
        }
        for number in range(RESOURCES - 3)
    }
    group = {"Port": 80, "Protocol": "HTTP", "VpcId": "vpc-1", "HealthCheckPath": f"/{name}"}
    return json.dumps(
        {
            "Description": f"The app {name}",
            "Parameters": {"Image": {"Type": "String", "Default": "none"}},
            "Resources": {
                "Repository": {
                    "Type": "AWS::ECR::Repository",
                    "Properties": {"RepositoryName": f"apps/{name}"},
                },
                "Config": {
                    "Type": "AWS::SecretsManager::Secret",
                    "Properties": {"Name": f"apps/{name}/config"},
                },
                "Web": {
                    "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                    "Properties": group,
                },
                **logs,
            },
            "Outputs": {"Repository": {"Value": {"Fn::GetAtt": ["Repository", "Arn"]}}},
        }
    )


def _create(client: Any, names: list[str]) -> None:  # noqa: ANN401 (as above)
    for name in names:
        tags = [{"Key": "app", "Value": name}]
        client.create_stack(StackName=name, TemplateBody=_template(name, 7), Tags=tags)
    _until_all(client, names, "CREATE_COMPLETE")


def _describe(client: Any, names: list[str]) -> None:  # noqa: ANN401 (as above)
    for name in names:
        client.describe_stacks(StackName=name)


def _update(client: Any, names: list[str]) -> None:  # noqa: ANN401 (as above)
    for name in names:
        client.update_stack(StackName=name, TemplateBody=_template(name, 14))
    _until_all(client, names, "UPDATE_COMPLETE")


def _delete(client: Any, names: list[str]) -> None:  # noqa: ANN401 (as above)
    for name in names:
        client.delete_stack(StackName=name)
    _until_all(client, names, "DELETE_COMPLETE")


def _until_all(client: Any, names: list[str], status: str) -> None:  # noqa: ANN401 (as above)
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        pages = client.get_paginator("list_stacks").paginate(StackStatusFilter=[status])
        if sum(len(page["StackSummaries"]) for page in pages) >= len(names):
            return
        time.sleep(0.2)
    raise SystemExit(f"Not all stacks came to {status} in {WITHIN:.0f} s.")


def _seconds(of: Web, act: Callable[[], None]) -> float:
    """Of its CPU."""
    before = costs.cpu_seconds(of.pid)
    act()
    return costs.cpu_seconds(of.pid) - before


def _megabytes(of: Web) -> float:
    time.sleep(1)
    return sum(costs.megabytes(of.pid).values())


if __name__ == "__main__":
    main()
