"""Palatine as a company runs it: web processes and workers apart, PostgreSQL and Redis by URL."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from palatine.demo.tour import NAME as TOURED
from palatine.demo.tour import Tour
from tests.e2e import images
from tests.e2e.fleet import Fleet, standing

NAME = "shop"


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with standing() as fleet:
        yield fleet


@pytest.fixture(scope="module")
def workers(fleet: Fleet) -> list[subprocess.Popen[bytes]]:
    """Always two that live: whoever ends one starts another."""
    return [fleet.start("worker"), fleet.start("worker")]


@pytest.fixture(scope="module")
def app(
    fleet: Fleet, workers: list[subprocess.Popen[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> str:
    fleet.api.post("/apps", {"name": NAME})
    image = images.hello(tmp_path_factory.mktemp("first"), "first", fleet.at.registry)
    fleet.api.succeeded(_deploy(fleet, image))
    return NAME


def test_the_tour(fleet: Fleet, workers: list[subprocess.Popen[bytes]], tmp_path: Path) -> None:
    """The first here, for at its end it expects that AWS holds nothing any more."""
    said: list[str] = []

    Tour(fleet.at, fleet.api, fleet.app(TOURED), tmp_path, said.append).walk()

    assert said[-1] == "destroy the app"


def test_nothing_is_lost_with_all_that_redis_holds(fleet: Fleet, app: str, tmp_path: Path) -> None:
    image = images.hello(tmp_path, "flushed", fleet.at.registry)

    operation = _deploy(fleet, image)
    with redis.Redis.from_url(fleet.redis_url) as broker:
        for status in ("pending", "applying"):
            broker.flushall()
            operation = fleet.api.reached(operation, after=(status,))
        broker.flushall()

    fleet.api.succeeded(operation)
    assert _greeting(fleet) == "Hello from flushed"


def test_a_deploy_survives_the_worker_that_is_killed(
    fleet: Fleet, app: str, workers: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    image = images.hello(tmp_path, "bereft", fleet.at.registry)

    operation = fleet.api.reached(_deploy(fleet, image), after=("pending",))
    workers[0].kill()
    workers[0].wait()
    unfinished = fleet.api.get(f"/operations/{operation['id']}")["finished_at"] is None
    fleet.api.succeeded(operation)
    workers[0] = fleet.start("worker")

    assert unfinished
    assert _greeting(fleet) == "Hello from bereft"


def test_sixteen_config_changes_at_once_are_all_kept_in_at_most_two_rollouts(
    fleet: Fleet, app: str
) -> None:
    keys = [f"KEY_{number}" for number in range(16)]
    before = _numbers(fleet)
    apis = [fleet.of(fleet.webs[number % 2]) for number in range(16)]

    def patch(number: int) -> None:
        apis[number].patch(f"/apps/{NAME}/config-vars", {keys[number]: str(number)})

    with ThreadPoolExecutor(16) as users:
        list(users.map(patch, range(16)))
    fleet.api.succeeded(fleet.api.newest_operation(NAME))

    assert fleet.api.get(f"/apps/{NAME}/config-vars") == {
        key: str(number) for number, key in enumerate(keys)
    }
    after = _numbers(fleet)
    assert len(after["releases"]) - len(before["releases"]) == 16
    new = [
        operation["status"]
        for operation in fleet.api.get(f"/apps/{NAME}/operations")
        if operation["id"] not in before["operations"]
    ]
    assert sorted(new) == ["succeeded"] + ["superseded"] * 15
    assert 1 <= len(after["rollouts"] - before["rollouts"]) <= 2


def _numbers(fleet: Fleet) -> dict[str, set[str]]:
    return {
        "releases": {release["id"] for release in fleet.api.get(f"/apps/{NAME}/releases")},
        "operations": {one["id"] for one in fleet.api.get(f"/apps/{NAME}/operations")},
        "rollouts": set(_rollouts(fleet)),
    }


def _rollouts(fleet: Fleet) -> list[str]:
    """Every deployment that ECS ever began of the app's web service."""
    [service] = [one for one in _services(fleet) if one["loadBalancers"]]
    listed = fleet.ecs.list_service_deployments(cluster="palatine", service=service["serviceArn"])[
        "serviceDeployments"
    ]
    return [one["serviceDeploymentArn"] for one in listed]


def _services(fleet: Fleet) -> list[dict[str, Any]]:
    """There is no other app when this is asked."""
    arns = fleet.ecs.list_services(cluster="palatine")["serviceArns"]
    described: list[dict[str, Any]] = fleet.ecs.describe_services(
        cluster="palatine", services=arns
    )["services"]
    return described


def _deploy(fleet: Fleet, image: str) -> dict[str, Any]:
    operation: dict[str, Any] = fleet.api.post(f"/apps/{NAME}/deploys", {"image": image})
    return operation


def _greeting(fleet: Fleet) -> object:
    return fleet.app(NAME).ask()[1]["greeting"]
