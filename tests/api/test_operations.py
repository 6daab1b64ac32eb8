from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.db.models import Account
from tests.factories import make_app, make_event, make_operation, make_release, make_service


def test_an_operation_says_all_there_is(client: TestClient, session: Session, ann: Account) -> None:
    app = make_app(session, "acme", owner=ann)
    release = make_release(session, app)
    first = make_operation(session, app, status="superseded", reason="superseded by #2 (1 of 2)")
    second = make_operation(
        session,
        app,
        summary="Deploy acme/hello:v2",
        status="rolling",
        message="because",
        release_id=release.id,
        generation=2,
    )
    first.superseded_by_id = second.id
    make_service(session, app, "worker", running=0, desired=1)
    make_service(session, app, "web", running=1, desired=2)
    session.commit()

    shown = client.get("/apps/acme/operations/2").json()

    for key in ("started_at", "updated_at"):
        assert shown.pop(key).endswith("Z")
    assert shown == {
        "id": str(second.id),
        "number": 2,
        "kind": "deploy",
        "status": "rolling",
        "summary": "Deploy acme/hello:v2",
        "message": "because",
        "reason": "",
        "reached": "",
        "actor": {"id": str(ann.id), "email": "ann@example.com"},
        "app": {"id": str(app.id), "name": "acme"},
        "generation": 2,
        "release": {"id": str(release.id), "version": 1},
        "supersedes": [{"id": str(first.id), "number": 1}],
        "superseded_by": None,
        "processes": [
            {"type": "web", "desired": 2, "running": 1, "pending": 1},
            {"type": "worker", "desired": 1, "running": 0, "pending": 1},
        ],
        "finished_at": None,
    }
    older = client.get(f"/operations/{first.id}").json()
    assert older["superseded_by"] == {"id": str(second.id), "number": 2}


def test_operations_are_listed_by_number_and_found_by_number_or_id(
    client: TestClient, session: Session
) -> None:
    app = make_app(session, "acme")
    operations = [make_operation(session, app) for _ in range(3)]
    other = make_operation(session, make_app(session, "other"))

    listed = client.get("/apps/acme/operations").json()

    assert [operation["number"] for operation in listed] == [1, 2, 3]
    for key in ("3", operations[2].id):
        assert client.get(f"/apps/acme/operations/{key}").json() == listed[2]
    assert client.get(f"/apps/acme/operations/{other.id}").status_code == 404


def test_events_are_listed_in_the_order_they_happened(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme")
    operation = make_operation(session, app)
    make_event(session, app, kind="app.created", message="ann created acme")
    make_event(session, app, operation=operation, kind="operation.pending", data={"number": 1})
    make_event(session, make_app(session, "other"))

    first, second = client.get("/apps/acme/events").json()

    assert (first["kind"], first["message"]) == ("app.created", "ann created acme")
    assert first["operation"] is None
    assert second["operation"] == {"id": str(operation.id)}
    assert second["data"] == {"number": 1}
    assert first["id"] < second["id"]
    newest = client.get("/apps/acme/events", headers={"Range": "id ..; max=1, order=desc"})
    assert newest.json() == [second]
    of_one = client.get(f"/apps/acme/events?operation={operation.id}").json()
    assert of_one == [second]
    assert client.get("/apps/acme/events?operation=1").status_code == 422
