from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Operation
from tests.factories import make_app, make_formation


def _formation(client: TestClient) -> dict[str, tuple[int, str]]:
    rows = client.get("/apps/acme/formation").json()
    return {row["type"]: (row["quantity"], row["size"]) for row in rows}


def test_the_formation_in_herokus_shape(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme", formation={"web": 2})
    make_formation(session, app, "gone", 3)  # of an earlier release

    rows = client.get("/apps/acme/formation").json()

    (web,) = rows
    assert web == client.get("/apps/acme/formation/web").json()
    assert (web["type"], web["quantity"], web["size"]) == ("web", 2, "1X")
    assert web["dyno_size"]["name"] == "1X"
    assert web["command"] == "python web.py"
    assert web["app"] == {"id": str(app.id), "name": "acme"}


def test_there_is_none_before_the_first_deploy(client: TestClient, session: Session) -> None:
    make_app(session, "acme")

    assert client.get("/apps/acme/formation").json() == []
    assert (
        client.patch(
            "/apps/acme/formation", json={"updates": [{"type": "web", "quantity": 1}]}
        ).json()["id"]
        == "conflict"
    )


@pytest.mark.parametrize(
    ("update", "after"),
    [
        ({"type": "web", "quantity": 3}, (3, "1X")),
        ({"process": "web", "quantity": 3}, (3, "1X")),
        ({"type": "web", "quantity": "3"}, (3, "1X")),
        ({"type": "web", "quantity": "+1"}, (3, "1X")),
        ({"type": "web", "quantity": "-1"}, (1, "1X")),
        ({"type": "web", "quantity": 0}, (0, "1X")),
        ({"type": "web", "size": "2X"}, (2, "2X")),
        ({"type": "web", "size": "Standard-2X", "quantity": None}, (2, "2X")),
        ({"type": "web", "dyno_size": {"name": "2x", "id": None}}, (2, "2X")),
        ({"type": "web", "dyno_size": "PX", "quantity": "5"}, (5, "PX")),
        ({"type": "web", "size": None, "dyno_size": None, "unknown": [1]}, (2, "1X")),
    ],
)
def test_changes_as_clients_write_them(
    client: TestClient, session: Session, update: dict[str, object], after: tuple[int, str]
) -> None:
    make_app(session, "acme", formation={"web": 2, "worker": 1})

    response = client.patch("/apps/acme/formation", json={"updates": [update]})

    assert response.status_code == 200
    assert [row["type"] for row in response.json()] == ["web"]
    assert _formation(client) == {"web": after, "worker": (1, "1X")}


def test_several_at_once_are_one_operation(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme", formation={"web": 2, "worker": 1})
    updates = [{"type": "worker", "quantity": "+2"}, {"type": "web", "quantity": 1}]

    response = client.patch("/apps/acme/formation", json={"updates": updates})

    assert [(row["type"], row["quantity"]) for row in response.json()] == [
        ("worker", 3),
        ("web", 1),
    ]
    scales = session.scalars(select(Operation).where(Operation.app_id == app.id)).all()
    assert [operation.kind for operation in scales] == ["scale"]


def test_one_process_type(client: TestClient, session: Session) -> None:
    make_app(session, "acme", formation={"web": 2})

    response = client.patch("/apps/acme/formation/web", json={"quantity": "4"})

    assert (response.json()["type"], response.json()["quantity"]) == ("web", 4)


@pytest.mark.parametrize(
    ("updates", "status"),
    [
        ([{"type": "web", "quantity": 1}, {"type": "nope", "quantity": 1}], 404),
        ([{"type": "web", "quantity": -1}], 422),
        ([{"type": "web", "quantity": 100_000}], 422),
        ([{"type": "web", "quantity": 10**30}], 422),
        ([{"type": "web", "quantity": "-9"}], 422),
        ([{"type": "web", "quantity": "lots"}], 422),
        ([{"type": "web", "quantity": "9" * 5000}], 422),
        ([{"type": "web", "quantity": "٣"}], 422),
        ([{"type": "web", "quantity": 1.5}], 422),
        ([{"type": "web", "quantity": True}], 422),
        ([{"type": "web", "quantity": [1]}], 422),
        ([{"type": "web", "quantity": 5}, {"type": "web", "size": "9X"}], 422),
        ([{"type": "web", "docker_image": "sha256:0"}], 422),
        ([{"quantity": 1}], 422),
        ([{"type": 1, "quantity": 1}], 422),
        ([[]], 422),
        ({}, 422),
        (None, 422),
    ],
)
def test_what_cannot_be_changes_nothing(
    client: TestClient, session: Session, updates: object, status: int
) -> None:
    make_app(session, "acme", formation={"web": 2})

    response = client.patch("/apps/acme/formation", json={"updates": updates})

    assert response.status_code == status
    assert response.json()["message"]
    assert _formation(client) == {"web": (2, "1X")}
