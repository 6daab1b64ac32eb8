from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.db.models import Account
from tests.factories import make_app, make_release


def test_a_release_in_herokus_shape(client: TestClient, session: Session, ann: Account) -> None:
    app = make_app(session, "acme", owner=ann)
    release = make_release(session, app, actor=ann, status="succeeded", current=True)

    shown = client.get("/apps/acme/releases/1").json()

    assert shown.pop("created_at") == shown.pop("updated_at")
    assert shown == {
        "id": str(release.id),
        "version": 1,
        "description": "Deploy acme/hello:v1",
        "status": "succeeded",
        "current": True,
        "eligible_for_rollback": True,
        "app": {"id": str(app.id), "name": "acme"},
        "user": {"id": str(ann.id), "email": "ann@example.com"},
        "slug": {"id": str(release.slug_id)},
        "addon_plan_names": [],
        "artifacts": [],
        "output_stream_url": None,
    }
    for key in ("v1", release.id):
        assert client.get(f"/apps/acme/releases/{key}").json()["version"] == 1


def test_only_the_release_that_runs_is_current(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme")
    make_release(session, app, status="succeeded", current=True)
    make_release(session, app)

    listed = client.get("/apps/acme/releases").json()

    assert [(each["version"], each["current"]) for each in listed] == [(1, True), (2, False)]
    assert listed[1]["eligible_for_rollback"] is False


@pytest.mark.parametrize("key", ["v1", "1", 1, None])
def test_rollback(client: TestClient, session: Session, key: object) -> None:
    app = make_app(session, "acme", with_release=True)
    make_release(session, app, status="succeeded", current=True)
    if key is None:
        key = client.get("/apps/acme/releases/1").json()["id"]

    response = client.post("/apps/acme/releases", json={"release": key})

    assert response.status_code == 201
    assert (response.json()["version"], response.json()["status"]) == (3, "pending")
    assert response.json()["description"] == "Rollback to v1"
    assert response.json()["output_stream_url"] is None


def test_a_release_of_another_app_is_not_found(client: TestClient, session: Session) -> None:
    make_app(session, "acme", with_release=True)
    other = make_release(session, make_app(session, "other"))

    assert client.get(f"/apps/acme/releases/{other.id}").status_code == 404
    assert client.post("/apps/acme/releases", json={"release": str(other.id)}).status_code == 404
