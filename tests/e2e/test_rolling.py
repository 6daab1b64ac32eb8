"""One release rolls over another while users keep asking: draining is what saves their requests.

The app dies at once when it is told to stop, with requests of a second's length in flight.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from palatine.demo.traffic import Stream, Tally
from tests.e2e import images
from tests.e2e.installing import Up

NAME = "rolling"
AT_LEAST = 200
PATHS = ("/", "/", "/slow?seconds=0.8")


@pytest.fixture(scope="module")
def app(shared: Up, tmp_path_factory: pytest.TempPathFactory) -> str:
    shared.api.post("/apps", {"name": NAME})
    _deploy(shared, images.abrupt(tmp_path_factory.mktemp("v1"), "abrupt-1", shared.at.registry))
    shared.api.patch(f"/apps/{NAME}/formation", {"updates": [{"type": "web", "quantity": 2}]})
    shared.api.succeeded(shared.api.newest_operation(NAME))
    return NAME


def test_no_request_fails_while_a_release_rolls(shared: Up, app: str, tmp_path: Path) -> None:
    second = images.abrupt(tmp_path, "abrupt-2", shared.at.registry)

    tally = _asked_while_it_rolls(shared, second)

    assert tally.failures == []
    assert tally.answered >= AT_LEAST
    assert set(tally.releases) == {"v1", "v2"}


def test_without_draining_requests_do_fail(shared: Up, app: str, tmp_path: Path) -> None:
    """What shows that the test above would notice."""
    third = images.abrupt(tmp_path, "abrupt-3", shared.at.registry)
    _take_draining_out(shared)

    tally = _asked_while_it_rolls(shared, third)

    assert any(failure.startswith("/slow") for failure in tally.failures)


def _asked_while_it_rolls(up: Up, image: str) -> Tally:
    """All requests are sent between the first look that shows the new deployment and COMPLETED."""
    ecs = up.aws("ecs")
    before = _primary(up, ecs)["id"]
    operation = up.api.post(f"/apps/{NAME}/deploys", {"image": image})
    _await(lambda: _primary(up, ecs)["id"] != before)
    with Stream(up.app(NAME), per_second=200, paths=PATHS) as users:
        _await(lambda: _primary(up, ecs)["rolloutState"] == "COMPLETED")
    up.api.succeeded(operation)
    return users.tally


def _take_draining_out(up: Up) -> None:
    [balancer] = _service(up, up.aws("ecs"))["loadBalancers"]
    up.aws("elbv2").modify_target_group_attributes(
        TargetGroupArn=balancer["targetGroupArn"],
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}],
    )


def _primary(up: Up, ecs: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's clients have no types
    deployments = _service(up, ecs)["deployments"]
    return next(one for one in deployments if one["status"] == "PRIMARY")


def _service(up: Up, ecs: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """That of the app's web process type."""
    arns = ecs.list_services(cluster="palatine")["serviceArns"]
    described = ecs.describe_services(cluster="palatine", services=arns, include=["TAGS"])
    tag = {"key": "palatine:app", "value": up.api.get(f"/apps/{NAME}")["id"]}
    [service] = [
        one for one in described["services"] if tag in one["tags"] and one["loadBalancers"]
    ]
    return service


def _deploy(up: Up, image: str) -> None:
    up.api.succeeded(up.api.post(f"/apps/{NAME}/deploys", {"image": image}))


def _await(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.02)
