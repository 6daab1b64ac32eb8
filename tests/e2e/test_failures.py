"""What cannot be deployed ends with its cause in a sentence, and what ran goes on running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e import images
from tests.e2e.installing import Up, free_ports
from tests.gateways.images import image, layer
from tests.gateways.scripted_registry import ScriptedRegistry, running

NAME = "failures"


@pytest.fixture(scope="module")
def app(shared: Up, tmp_path_factory: pytest.TempPathFactory) -> str:
    """It runs v1, which each test leaves running."""
    shared.api.post("/apps", {"name": NAME})
    good = images.hello(tmp_path_factory.mktemp("good"), "good", shared.at.registry)
    shared.api.succeeded(_deploy(shared, good))
    return NAME


@pytest.fixture(scope="module")
def registry() -> Iterator[ScriptedRegistry]:
    with running() as registry:
        yield registry


def test_an_unknown_image(shared: Up, app: str) -> None:
    ended = _ended(shared, f"{shared.at.registry}/hello:never")

    assert ended["status"] == "failed"
    assert ended["reason"].startswith(f"There is no image {shared.at.registry}/hello:never: ")
    _runs_as_before(shared, ended)


def test_a_registry_that_is_down(shared: Up, app: str) -> None:
    [port] = free_ports(1)

    ended = _ended(shared, f"127.0.0.1:{port}/hello:v1")

    assert ended["status"] == "failed"
    assert ended["reason"].startswith(f"127.0.0.1:{port} cannot be reached (connection refused): ")
    _runs_as_before(shared, ended)


def test_a_registry_that_denies(shared: Up, app: str, registry: ScriptedRegistry) -> None:
    private = registry.put("private", "v1", image(layer({"app/Procfile": "web: true\n"})))
    registry.auth, registry.user = "bearer", ("somebody", "else")

    ended = _ended(shared, private)

    registry.auth = registry.user = None
    assert ended["status"] == "failed"
    assert ended["reason"].startswith(f"{registry.host} denied access to private: ")
    _runs_as_before(shared, ended)


def test_neither_a_procfile_nor_a_command(shared: Up, app: str, registry: ScriptedRegistry) -> None:
    nothing = registry.put("nothing", "v1", image(layer({"app/readme": "hi"}), command=None))

    ended = _ended(shared, nothing)

    assert ended["status"] == "failed"
    assert "neither a Procfile nor a" in ended["reason"]
    _runs_as_before(shared, ended)


def test_a_malformed_procfile(shared: Up, app: str, registry: ScriptedRegistry) -> None:
    """It is not passed over for the image's command."""
    malformed = registry.put("odd", "v1", image(layer({"app/Procfile": "web python3 web.py\n"})))

    ended = _ended(shared, malformed)

    assert ended["status"] == "failed"
    assert ended["reason"].startswith("Line 1 of the Procfile is not a process type: ")
    _runs_as_before(shared, ended)


def test_an_image_that_crashes_at_once(shared: Up, app: str, tmp_path: Path) -> None:
    crashing = images.crashing(tmp_path, "crashing", shared.at.registry)

    ended = _ended(shared, crashing)

    assert ended["status"] == "failed"
    assert "exit code 3" in ended["reason"]
    _put_back(shared, ended)


def test_an_image_that_never_becomes_healthy(shared: Up, app: str, tmp_path: Path) -> None:
    unhealthy = images.unhealthy(tmp_path, "unhealthy", shared.at.registry)

    ended = _ended(shared, unhealthy)

    assert ended["status"] == "timed_out"
    assert ended["reason"].startswith("no progress for 10 s")
    _put_back(shared, ended)


def test_a_first_deploy_that_fails_leaves_nothing_running(shared: Up, tmp_path: Path) -> None:
    shared.api.post("/apps", {"name": "stillborn"})
    crashing = images.crashing(tmp_path, "stillborn", shared.at.registry)

    ended = _ended(shared, crashing, of="stillborn")

    assert ended["status"] == "failed"
    clearing = shared.api.succeeded(shared.api.newest_operation("stillborn"))
    assert (clearing["kind"], clearing["actor"]["email"]) == ("restore", "palatine")
    assert [d for d in shared.api.get("/apps/stillborn/dynos") if d["state"] == "up"] == []
    assert [r["status"] for r in shared.api.get("/apps/stillborn/releases")] == ["failed"]


def test_a_body_of_more_than_a_mebibyte(shared: Up, app: str) -> None:
    """Whether it says so or not, and nothing of it takes effect."""
    before = shared.api.newest_operation(NAME)
    big = b'{"BIG": "' + b"x" * 2**20 + b'"}'

    for content in (big, iter([big[:100], big[100:]])):
        answer = httpx2.patch(
            f"{shared.at.api_url}/apps/{NAME}/config-vars",
            content=content,
            headers={"Authorization": f"Bearer {shared.token}"},
            trust_env=False,
        )
        assert (answer.status_code, answer.json()["id"]) == (413, "payload_too_large")

    assert shared.api.newest_operation(NAME) == before


def _deploy(up: Up, reference: str, of: str = NAME) -> dict[str, Any]:
    operation: dict[str, Any] = up.api.post(f"/apps/{of}/deploys", {"image": reference})
    return operation


def _ended(up: Up, reference: str, of: str = NAME) -> dict[str, Any]:
    unfinished = ("pending", "applying", "rolling", "settling")
    return up.api.reached(_deploy(up, reference, of), after=unfinished)


def _runs_as_before(up: Up, ended: dict[str, Any]) -> None:
    """No release was made, and nothing has begun to put anything back."""
    assert up.api.newest_operation(NAME)["id"] == ended["id"]
    assert ended["release"] is None
    _good_one_answers(up)


def _put_back(up: Up, ended: dict[str, Any]) -> None:
    restored = up.api.succeeded(up.api.newest_operation(NAME))
    assert (restored["kind"], restored["summary"]) == ("restore", "Put v1 back")
    assert restored["message"] == f"#{ended['number']} {ended['status'].replace('_', ' ')}"
    _good_one_answers(up)


def _good_one_answers(up: Up) -> None:
    status, answer = up.app(NAME).ask()
    assert (status, answer["greeting"], answer["release"]) == (200, "Hello from good", "v1")
