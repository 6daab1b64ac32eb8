from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from tests.factories import make_app, make_dyno


def test_living_dynos_in_herokus_shape(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme", with_release=True)
    dyno = make_dyno(session, app)
    make_dyno(session, app, stopped_at=datetime.now(UTC))

    (shown,) = client.get("/apps/acme/dynos").json()

    assert (shown["name"], shown["type"], shown["state"]) == (dyno.name, "web", "up")
    assert shown["release"]["version"] == 1
    assert shown["command"] == "python web.py"
    assert shown["attach_url"] is None
    assert client.get(f"/apps/acme/dynos/{dyno.name}").json() == shown
    assert client.get(f"/apps/acme/dynos/{dyno.id}").json() == shown


@pytest.mark.parametrize(
    ("method", "path", "summary"),
    [
        ("DELETE", "dynos", "Restart all dynos"),
        ("DELETE", "dynos/web", "Restart web"),
        ("DELETE", "formations/web", "Restart web"),
        ("DELETE", "dynos/{dyno}", "Restart {dyno}"),
        ("POST", "dynos/{dyno}/actions/stop", "Stop {dyno}"),
        ("POST", "dynos/web/actions/stop", None),
        ("POST", "formations/web/actions/stop", None),
    ],
)
def test_restart_and_stop_are_operations(
    client: TestClient, session: Session, method: str, path: str, summary: str | None
) -> None:
    dyno = make_dyno(session, make_app(session, "acme", with_release=True))

    response = client.request(method, f"/apps/acme/{path.format(dyno=dyno.name)}")

    assert (response.status_code, response.json()) == (202, {})
    operation = client.get(f"/operations/{response.headers['Operation-Id']}").json()
    assert operation["status"] == "pending"
    if summary:
        assert operation["summary"] == summary.format(dyno=dyno.name)


@pytest.mark.parametrize("path", ["dynos/web.1", "dynos/nope", "formations/nope"])
def test_what_does_not_run_cannot_be_restarted(
    client: TestClient, session: Session, path: str
) -> None:
    make_app(session, "acme", with_release=True)

    assert client.delete(f"/apps/acme/{path}").status_code == 404
    assert client.post(f"/apps/acme/{path}/actions/stop").status_code == 404


def test_a_dyno_of_another_app_is_out_of_reach(client: TestClient, session: Session) -> None:
    make_app(session, "acme", with_release=True)
    other = make_dyno(session, make_app(session, "other", with_release=True))

    assert client.get(f"/apps/acme/dynos/{other.name}").status_code == 404
    assert client.get(f"/apps/acme/dynos/{other.id}").status_code == 404
    assert client.delete(f"/apps/acme/dynos/{other.name}").status_code == 404
