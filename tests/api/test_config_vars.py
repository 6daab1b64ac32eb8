from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from tests.factories import make_app


def test_set_and_unset(client: TestClient, session: Session) -> None:
    make_app(session, "acme")

    set_two = client.patch("/apps/acme/config-vars", json={"A": "1", "B": ""})
    unset = client.patch("/apps/acme/config-vars", json={"A": None})

    assert set_two.json() == {"A": "1", "B": ""}
    assert unset.json() == {"B": ""}
    assert client.get("/apps/acme/config-vars").json() == {"B": ""}


def test_config_of_a_release(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme", with_release=True)
    client.patch("/apps/acme/config-vars", json={"A": "1"})
    client.patch("/apps/acme/config-vars", json={"A": "2", "B": "ü"})

    versions = [release["version"] for release in client.get("/apps/acme/releases").json()]

    assert versions == [1, 2, 3]
    for version, config in {"1": {}, "v2": {"A": "1"}, "3": {"A": "2", "B": "ü"}}.items():
        assert client.get(f"/apps/{app.id}/releases/{version}/config-vars").json() == config
        assert client.get(f"/apps/{app.id}/config-vars/{version}").json() == config


def test_names_a_dyno_cannot_have_are_refused_whole(client: TestClient, session: Session) -> None:
    make_app(session, "acme")

    response = client.patch("/apps/acme/config-vars", json={"GOOD": "1", "not good": "2"})

    assert response.status_code == 422
    assert "not good" in response.json()["message"]
    assert client.get("/apps/acme/config-vars").json() == {}
