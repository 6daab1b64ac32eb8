from __future__ import annotations

import re
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Account, App, Operation
from tests.factories import make_app


def test_an_app_is_created_in_herokus_shape(client: TestClient, ann: Account) -> None:
    response = client.post("/apps", json={"name": "acme", "stack": "heroku-24", "region": "us"})

    assert response.status_code == 201
    app = response.json()
    assert UUID(app["id"])
    assert app["name"] == "acme"
    assert app["owner"] == {"id": str(ann.id), "email": "ann@example.com"}
    assert app["web_url"] == "http://acme.localhost:8000/"
    assert app["region"]["name"] == "us-east-1"
    assert app["stack"]["name"] == "container"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", app["created_at"])
    assert app["released_at"] is None
    assert client.get("/apps/acme").json() == app
    assert client.get(f"/apps/{app['id']}").json() == app


@pytest.mark.parametrize("path", ["/apps", "/organizations/apps", "/teams/apps"])
@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"json": {"name": None}}])
def test_an_app_without_a_name_is_given_one(
    client: TestClient, path: str, sent: dict[str, object]
) -> None:
    response = client.post(path, **sent)

    assert response.status_code == 201
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", response.json()["name"])


def test_a_taken_name_is_refused_in_the_words_clients_look_for(
    client: TestClient, session: Session
) -> None:
    make_app(session, "acme")

    response = client.post("/apps", json={"name": "acme"})

    assert response.status_code == 422
    assert response.json() == {
        "id": "invalid_params",
        "message": "Name is already taken",
        "url": None,
    }


def test_rename(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme")

    response = client.patch(
        "/apps/acme", json={"name": "acme-two"}, headers={"Commit-Message": "für später".encode()}
    )

    assert response.json()["name"] == "acme-two"
    assert client.get("/apps/acme").status_code == 404
    operation = session.scalars(select(Operation).where(Operation.app_id == app.id)).one()
    assert (operation.kind, operation.message) == ("rename", "für später")


def test_maintenance_mode_is_refused_not_ignored(client: TestClient, session: Session) -> None:
    make_app(session, "acme")

    assert client.patch("/apps/acme", json={"maintenance": True}).status_code == 422
    assert client.patch("/apps/acme", json={"maintenance": False}).status_code == 200


def test_a_destroyed_app_is_gone_and_its_operation_can_be_followed(
    client: TestClient, session: Session
) -> None:
    make_app(session, "acme")

    response = client.delete("/apps/acme")

    assert response.status_code == 200
    assert response.json()["name"] == "acme"
    assert client.get("/apps/acme").status_code == 404
    assert client.get("/apps").json() == []
    operation = client.get(f"/operations/{response.headers['Operation-Id']}").json()
    assert (operation["kind"], operation["status"]) == ("destroy", "pending")


def test_apps_are_listed_by_name(client: TestClient, session: Session) -> None:
    for name in ("bravo", "alpha", "charlie"):
        make_app(session, name)

    for path in ("/apps", "/users/~/apps"):
        listed = client.get(path)
        assert [app["name"] for app in listed.json()] == ["alpha", "bravo", "charlie"]
        assert listed.headers["Content-Range"] == "name alpha..charlie"


def test_account(client: TestClient, ann: Account) -> None:
    account = client.get("/account").json()

    assert (account["id"], account["email"]) == (str(ann.id), "ann@example.com")
    assert client.get("/users/~").json() == account


def test_a_failing_request_saves_nothing(client: TestClient, session: Session) -> None:
    assert client.post("/apps", json={"name": "No!"}).status_code == 422
    assert session.scalars(select(App)).all() == []
