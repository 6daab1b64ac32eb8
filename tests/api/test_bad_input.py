"""Whatever is sent: a 4xx with a sentence, nothing saved, never a 5xx."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import App, ConfigVar, Event, Operation, Release
from tests.factories import make_app

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024

# Every route that takes a body, with one it would take.
BODIES = {
    ("POST", "/apps"): {"name": "fresh"},
    ("POST", "/organizations/apps"): {"name": "fresh"},
    ("PATCH", "/apps/acme"): {"name": "fresh"},
    ("PATCH", "/apps/acme/config-vars"): {"KEY": "value"},
    ("POST", "/apps/acme/releases"): {"release": "1"},
    ("PATCH", "/apps/acme/formation"): {"updates": [{"type": "web", "quantity": 2}]},
    ("PATCH", "/apps/acme/formation/web"): {"quantity": 2},
    ("POST", "/deploys"): {"image": "acme/hello:v1"},
    ("POST", "/apps/acme/deploys"): {"image": "acme/hello:v1", "stream": True},
}
# Bytes that are no JSON object, whatever a route takes.
NOT_OBJECTS = {
    "nothing but a word": b"hello",
    "half of it": b'{"name": "fr',
    "single quotes": b"{'name': 'fresh'}",
    "two of them": b"{} {}",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "NUL": b"\0",
    "an array": b"[]",
    "an array of arrays": b"[[1]]",
    "a string": b'"name"',
    "a number": b"1",
    "too long a number": b"1" * 5000,
    "true": b"true",
    "deep": b"[" * 100_000,
    "deep and whole": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "infinity": b"Infinity",
}


@pytest.fixture
def acme(session: Session) -> App:
    return make_app(session, "acme", formation={"web": 1})


def _saved(session: Session) -> list[int | None]:
    tables = (App, Release, Operation, ConfigVar, Event)
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def _is_refusal(response: httpx2.Response, *statuses: int) -> None:
    assert response.status_code in (statuses or (400, 422))
    body = response.json()
    assert set(body) <= {"id", "message", "url", "resource"}
    assert body["id"] in ("bad_request", "invalid_params", "not_found", "payload_too_large")
    assert len(body["message"]) > 10


@pytest.mark.parametrize("what", NOT_OBJECTS)
@pytest.mark.parametrize("route", BODIES, ids=" ".join)
def test_bodies_that_are_no_json_object(
    client: TestClient, session: Session, acme: App, route: tuple[str, str], what: str
) -> None:
    before = _saved(session)

    response = client.request(*route, content=NOT_OBJECTS[what], headers=JSON)

    _is_refusal(response)
    assert _saved(session) == before


@pytest.mark.parametrize("route", BODIES, ids=" ".join)
def test_a_body_must_say_that_it_is_json(
    client: TestClient, session: Session, acme: App, route: tuple[str, str]
) -> None:
    before = _saved(session)

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.request(*route, content=json.dumps(BODIES[route]), headers=form)

    _is_refusal(response, 400)
    assert "Content-Type" in response.json()["message"]
    assert _saved(session) == before


@pytest.mark.parametrize("route", BODIES, ids=" ".join)
def test_bodies_over_a_mebibyte(
    client: TestClient, session: Session, acme: App, route: tuple[str, str]
) -> None:
    before = _saved(session)
    large = json.dumps(BODIES[route] | {"more": "x" * MEBIBYTE}).encode()

    announced = client.request(*route, content=large, headers=JSON)
    chunked = client.request(*route, content=iter([large[:9], large[9:]]), headers=JSON)

    for response in (announced, chunked):
        _is_refusal(response, 413)
        assert response.headers["Request-Id"]
    assert _saved(session) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(
            ("POST", "/apps", {"name": name})
            for name in (
                "", "a", "ab", "Acme", "1acme", "-acme", "acme-", "acme_1", "acme.1", "ac me",
                "a" * 31, "acme\n", "acme\0", "ácme", "acme/1", "\ud800", 1, True, [], {}, 1.5,
            )
        ),
        *(
            ("PATCH", "/apps/acme/config-vars", config)
            for config in (
                {"KEY": 1}, {"KEY": True}, {"KEY": ["x"]}, {"KEY": {"x": "y"}}, {"KEY": 1.5},
                {"KEY": float("nan")}, {"": "x"}, {"1KEY": "x"}, {"A-B": "x"}, {"A B": "x"},
                {"A=B": "x"}, {"A\0": "x"}, {"É": "x"}, {"PORT": "1"}, {"KEY": "x\0y"},
                {"KEY": "\ud800"}, {"\ud800": "x"}, {"K" * 5000: "x"}, {"KEY": "x" * 100_000},
                {f"KEY{n}": "x" for n in range(300)},
            )
        ),
        *(
            ("POST", "/apps/acme/releases", body)
            for body in (
                {}, {"release": None}, {"release": ""}, {"release": "v"}, {"release": "v1\0"},
                {"release": -1}, {"release": 10**400}, {"release": "9" * 5000}, {"release": []},
                {"release": "٣"}, {"release": "\ud800"}, {"release": True},
            )
        ),
        *(
            ("POST", "/deploys", {"image": image})
            for image in (
                "", " ", "a b", "acme/hello:", "acme/hello@sha256:1", "https://acme/hello",
                "acme/hello\0", "\ud800", "x" * 2000, "acme/UPPER", 1, None, [], {},
            )
        ),
        ("POST", "/deploys", {"image": "acme/hello", "stream": "perhaps"}),
        ("PATCH", "/apps/acme/formation", {"updates": {"web": 1}}),
        ("PATCH", "/apps/acme/formation", {"updates": [{"type": "w\0", "quantity": 1}]}),
        ("PATCH", "/apps/acme/formation", {"updates": [{"type": "\ud800", "quantity": 1}]}),
        ("PATCH", "/apps/acme/formation/web", {"quantity": 10**400}),
        ("PATCH", "/apps/acme/formation/web", {"size": "x" * 5000}),
        ("PATCH", "/apps/acme", {"maintenance": "perhaps"}),
    ],
)  # fmt: skip
def test_values_that_cannot_be(
    client: TestClient, session: Session, acme: App, method: str, path: str, body: object
) -> None:
    before = _saved(session)

    response = client.request(method, path, content=json.dumps(body), headers=JSON)

    _is_refusal(response, 400, 404, 422)
    assert len(response.text) < 1000
    assert _saved(session) == before


@pytest.mark.parametrize(
    "path",
    [
        "/apps/%00",
        "/apps/acme%00",
        "/apps/%ff%fe",
        "/apps/%ED%A0%80",
        "/apps/..%2f..%2fetc",
        "/apps/" + "x" * 5000,
        "/apps/acme/releases/%00",
        "/apps/acme/releases/-1",
        "/apps/acme/dynos/%00",
        "/apps/acme/dynos/%ff",
        "/apps/acme/formation/%00",
        "/apps/acme/operations/%ff",
        "/apps/acme/operations/-1",
        "/apps/acme/config-vars/latest",
        "/apps/acme/events?operation=%00",
        "/apps/acme/events?operation=x",
    ],
)
def test_paths_that_cannot_be(client: TestClient, acme: App, path: str) -> None:
    _is_refusal(client.get(path), 400, 404, 422)


def test_what_was_sent_is_not_said_again(client: TestClient, acme: App) -> None:
    """It may be a secret."""
    response = client.patch("/apps/acme/config-vars", json={"KEY": ["sesame"], "OTHER": 1})

    assert response.status_code == 422
    assert "KEY" in response.json()["message"]
    assert "sesame" not in response.text


def test_too_long_a_commit_message(client: TestClient, session: Session) -> None:
    response = client.post("/apps", json={}, headers={"Commit-Message": "x" * 2001})

    _is_refusal(response, 422)


def test_a_large_body_over_a_real_connection(served: httpx2.Client) -> None:
    """The refusal is read although nobody read the body, and the server lives on."""
    host = urlsplit(str(served.base_url))
    request = (
        f"POST /apps HTTP/1.1\r\nHost: x\r\nAuthorization: {served.headers['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {50 * MEBIBYTE}\r\n\r\n"
    )
    with socket.create_connection((host.hostname, host.port), timeout=10) as connection:
        connection.sendall(request.encode() + b"x" * 1000)
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"payload_too_large" in answer
    assert served.get("/apps").json() == []
