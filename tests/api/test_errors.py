from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.db import engine as database
from app.db.crypto import Cipher
from app.db.models import App
from app.main import create_app
from tests.api.conftest import SITE, TOKEN
from tests.factories import make_app

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("method", "path", "resource"),
    [
        ("GET", "/apps/nope", "app"),
        ("GET", "/apps/00000000-0000-0000-0000-000000000000", "app"),
        ("GET", "/apps/acme/releases/v9", "release"),
        ("GET", "/apps/acme/releases/99999999999999999999", "release"),
        ("GET", "/apps/acme/releases/x", "release"),
        ("GET", "/apps/acme/config-vars/9", "release"),
        ("GET", "/apps/acme/dynos/web.1", "dyno"),
        ("GET", "/apps/acme/formation/web", "process_type"),
        ("GET", "/apps/acme/operations/1", "operation"),
        ("GET", "/apps/acme/operations/99999999999999999999", "operation"),
        ("GET", "/operations/1", "operation"),
        ("GET", "/operations/x", "operation"),
        ("GET", "/nowhere", "route"),
        ("GET", "/apps/", "route"),
        ("PUT", "/apps", "route"),
        ("POST", "/apps/acme", "route"),
    ],
)
def test_what_is_not_there(
    client: TestClient, session: Session, method: str, path: str, resource: str
) -> None:
    make_app(session, "acme")

    response = client.request(method, path)

    assert response.status_code == 404
    assert response.json()["id"] == "not_found"
    assert response.json()["resource"] == resource
    assert response.json()["message"]


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "application/vnd.heroku+json; version=3",
        "application/vnd.heroku+json; version=3.sdk",
        "application/vnd.heroku+json;version=3.cedar-acm, application/json",
        "text/html",
    ],
)
def test_any_accept_is_version_3(client: TestClient, accept: str) -> None:
    assert client.get("/apps", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("version", ["2", "4", "30", "2.3"])
def test_but_not_another_version(client: TestClient, version: str) -> None:
    accept = f"application/vnd.heroku+json; version={version}"

    response = client.get("/apps", headers={"Accept": accept})

    assert response.status_code == 406
    assert response.json()["id"] == "not_acceptable"


def test_every_answer_has_a_request_id(client: TestClient) -> None:
    own = client.get("/apps").headers["Request-Id"]
    given = client.get("/nowhere", headers={"Request-Id": "first,second"}).headers["Request-Id"]
    odd = client.get("/health", headers={"Request-Id": "x y"}).headers["Request-Id"]
    long = client.get("/health", headers={"Request-Id": "x" * 7000}).headers["Request-Id"]

    assert len(own) == 36
    assert given == "second"
    assert len(odd) == len(long) == 36


def test_a_bug_shows_nothing_of_itself(api: FastAPI, client: TestClient) -> None:
    @api.get("/bug")
    def bug() -> None:
        raise RuntimeError("the secret is sesame")

    response = client.get("/bug")

    assert response.status_code == 500
    assert response.json()["id"] == "internal_server_error"
    assert "sesame" not in response.text
    assert response.headers["Request-Id"]


@pytest.fixture
def broken_commits(
    committed: sessionmaker[Session], cipher: Cipher, database_url: str, engine: Engine
) -> Iterator[Callable[[Callable[[Connection], None]], TestClient]]:
    """A client whose every write is followed by something that breaks the commit."""
    with TestClient(create_app(committed, cipher, listener=database_url, site=SITE)) as client:
        client.headers.update(HEADERS)

        def breaking(how: Callable[[Connection], None]) -> TestClient:
            event.listen(engine, "commit", how)
            breaking.how = how  # type: ignore[attr-defined]
            return client

        yield breaking
        event.remove(engine, "commit", breaking.how)  # type: ignore[attr-defined]


def test_a_commit_that_loses_its_connection_is_a_500_and_saves_nothing(
    broken_commits: Callable[[Callable[[Connection], None]], TestClient],
    committed: sessionmaker[Session],
) -> None:
    def lose(connection: Connection) -> None:
        connection.connection.driver_connection.close()  # type: ignore[union-attr]

    response = broken_commits(lose).post("/apps", json={"name": "acme"})

    _is_not_saved(response)
    assert _apps(committed) == 0


def test_a_commit_that_the_database_refuses_is_a_500_and_saves_nothing(
    committed: sessionmaker[Session], cipher: Cipher, database_url: str, engine: Engine
) -> None:
    refusing = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no more apps'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON apps
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
    """
    with engine.begin() as connection:
        connection.execute(text(refusing))
    try:
        api = create_app(committed, cipher, listener=database_url, site=SITE)
        with TestClient(api) as client:
            response = client.post("/apps", json={"name": "acme"}, headers=HEADERS)
            streamed = client.post(
                "/deploys", json={"image": "acme/hello", "stream": True}, headers=HEADERS
            )
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP FUNCTION refuse() CASCADE"))

    _is_not_saved(response)
    _is_not_saved(streamed)  # a stream begins after the commit, or not at all
    assert "no more apps" not in response.text
    assert _apps(committed) == 0


def test_without_a_database_everything_is_503(cipher: Cipher) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    engine = database.connect(nowhere)
    api = create_app(database.sessions(engine), cipher, listener=nowhere, site=SITE)

    with TestClient(api) as client:
        for response in (client.get("/health"), client.get("/apps", headers=HEADERS)):
            assert response.status_code == 503
            assert response.json()["id"] == "service_unavailable"
            assert response.headers["Retry-After"]


def test_health(anonymous: TestClient) -> None:
    assert anonymous.get("/health").json() == {"status": "ok"}


def _is_not_saved(response: httpx2.Response) -> None:
    assert response.status_code == 500
    assert response.json()["id"] == "internal_server_error"
    assert "could not be saved" in response.json()["message"]


def _apps(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(App)) or 0
