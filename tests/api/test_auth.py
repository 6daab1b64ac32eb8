from __future__ import annotations

import base64

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.db.models import Account
from app.main import document
from tests.api.conftest import TOKEN


def _basic(credentials: str) -> str:
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


def _every_route() -> list[tuple[str, str]]:
    paths = document()["paths"].items()
    return [(method.upper(), path) for path, methods in paths for method in methods]


@pytest.mark.parametrize(("method", "path"), _every_route())
def test_nothing_but_health_is_answered_without_a_token(
    anonymous: TestClient, ann: Account, method: str, path: str
) -> None:
    response = anonymous.request(method, path)

    if path == "/health":
        assert response.status_code == 200
    else:
        assert response.status_code == 401
        assert response.json()["id"] == "unauthorized"
        assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_the_document_names_every_route(api: FastAPI) -> None:
    """So that the test above forgets none."""
    described = {path for _, path in _every_route()}

    for route in api.routes:
        for path in _paths(route):
            assert path in described


def _paths(route: object) -> list[str]:
    inner = getattr(route, "routes", None) or getattr(
        getattr(route, "original_router", None), "routes", None
    )
    if inner:
        return [path for each in inner for path in _paths(each)]
    return [route.path]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN}",
        _basic(f":{TOKEN}"),
        _basic(f"ann@example.com:{TOKEN}"),
    ],
)
def test_a_token_opens(anonymous: TestClient, ann: Account, header: str) -> None:
    response = anonymous.get("/account", headers={"Authorization": header})

    assert response.json()["email"] == "ann@example.com"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        TOKEN,
        f"Digest {TOKEN}",
        "Basic",
        "Basic ???",
        "Basic é",
        _basic(TOKEN),
        _basic(f"{TOKEN}:"),
        _basic(f"{TOKEN}:wrong"),
        _basic("\0:\0"),
    ],
)
def test_anything_else_does_not(anonymous: TestClient, ann: Account, header: str) -> None:
    response = anonymous.get("/account", headers={"Authorization": header.encode("latin-1")})

    assert response.status_code == 401
    assert response.json()["url"] is None
