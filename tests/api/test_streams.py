from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.db.crypto import Cipher
from app.db.models import App, Operation
from app.domain.operation import OperationStatus
from app.main import create_app
from app.services import events, operations
from tests.api.conftest import SITE, TOKEN, serving
from tests.factories import make_app, make_operation

Sessions = sessionmaker[Session]
SSE = {"Accept": "text/event-stream"}
IMAGE = "registry.example.com/acme/hello:v1"
_WAIT_SECONDS = 10


@pytest.fixture
def acme(committed: Sessions) -> App:
    with committed.begin() as session:
        return make_app(session, "acme")


class Reader:
    """The server-sent events of an open stream, comments apart."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = response.iter_lines()
        self.retry = next(self._lines)
        self.comments: list[str] = []

    def begun(self) -> Reader:
        while not self.comments:
            self._line()
        return self

    def next(self) -> dict[str, str]:
        event: dict[str, str] = {}
        while True:
            line = self._line()
            if not line and event:
                return event
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value

    def messages(self, count: int) -> list[str]:
        return [json.loads(self.next()["data"])["message"] for _ in range(count)]

    def _line(self) -> str:
        line = next(self._lines)
        if line.startswith(":"):
            self.comments.append(line)
        return line


@contextmanager
def _reading(
    client: httpx2.Client, path: str = "/apps/acme/events", **headers: str
) -> Iterator[Reader]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", path, headers=SSE | named) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Request-Id"]
        yield Reader(response)


def _happen(sessions: Sessions, app: App, *messages: str) -> list[int]:
    ids = []
    for message in messages:
        with sessions.begin() as session:
            ids.append(events.record(session, app, "test.happened", message).id)
    return ids


def test_events_arrive_as_they_happen(
    served: httpx2.Client, committed: Sessions, acme: App
) -> None:
    _happen(committed, acme, "before")

    with _reading(served) as stream:
        stream.begun()
        first, _ = _happen(committed, acme, "one", "two")
        event = stream.next()

        assert stream.retry == "retry: 2000"
        assert (event["id"], event["event"]) == (str(first), "test.happened")
        listed = served.get("/apps/acme/events").json()
        assert json.loads(event["data"]) == listed[1]
        assert stream.messages(1) == ["two"]


def test_a_client_that_comes_back_misses_nothing(
    served: httpx2.Client, committed: Sessions, acme: App
) -> None:
    ids = _happen(committed, acme, *(str(n) for n in range(1200)))

    with _reading(served, Last_Event_ID=str(ids[99])) as stream:
        _happen(committed, acme, "last")

        assert stream.messages(1101) == [*(str(n) for n in range(100, 1200)), "last"]


def test_only_the_app_and_the_operation_asked_for(
    served: httpx2.Client, committed: Sessions, acme: App
) -> None:
    with committed.begin() as session:
        other = make_app(session, "other")
        operation = make_operation(session, session.merge(acme))

    path = f"/apps/acme/events?operation={operation.id}"
    with _reading(served, path) as stream:
        stream.begun()
        _happen(committed, other, "of another app")
        _happen(committed, acme, "of no operation")
        _end(committed, operation, OperationStatus.FAILED, "no such image")

        assert stream.messages(1) == ["Deploy something: no such image"]


def test_what_is_silent_is_pinged(served: httpx2.Client, acme: App) -> None:
    with _reading(served) as stream:
        while len(stream.comments) < 3:
            stream._line()

        assert set(stream.comments) == {": still here"}


def test_a_last_event_id_that_is_none(served: httpx2.Client, acme: App) -> None:
    headers = SSE | {"Last-Event-ID": "yesterday"}

    assert served.get("/apps/acme/events", headers=headers).json()["id"] == "bad_request"
    assert served.get("/apps/nope/events", headers=SSE).status_code == 404


def test_events_while_the_listening_connection_is_away_are_told_afterwards(
    served: httpx2.Client, committed: Sessions, engine: Engine, acme: App
) -> None:
    with _reading(served) as stream:
        stream.begun()
        for n in range(3):
            _cut_listener(engine)
            _happen(committed, acme, f"after cut {n}")

            assert stream.messages(1) == [f"after cut {n}"]


def test_a_client_that_leaves_is_forgotten(
    committed: Sessions, acme: App, cipher: Cipher, database_url: str
) -> None:
    api = create_app(committed, cipher, listener=database_url, site=SITE, ping_seconds=0.2)
    with (
        serving(api) as url,
        httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        with _reading(client) as stream:
            stream.begun()
            assert api.state.hub.followed == 1

        _await(lambda: api.state.hub.followed == 0)


def test_streams_hold_no_database_connection(
    served: httpx2.Client, engine: Engine, acme: App
) -> None:
    with _reading(served) as first, _reading(served) as second:
        first.begun()
        second.begun()

        _await(lambda: engine.pool.checkedout() == 0)  # type: ignore[attr-defined]


def test_a_server_stops_with_streams_open(
    committed: Sessions, cipher: Cipher, database_url: str, acme: App
) -> None:
    api = create_app(committed, cipher, listener=database_url, site=SITE)
    client = httpx2.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    with client, serving(api) as url:
        stream = client.stream("GET", f"{url}/apps/acme/events", headers=SSE)
        Reader(stream.__enter__()).begun()
        stopping = time.monotonic()
    # `serving` has checked that it stopped

    assert time.monotonic() - stopping < 2


def test_a_deploy_is_told_line_by_line_until_it_ends(
    served: httpx2.Client, committed: Sessions
) -> None:
    with served.stream("POST", "/deploys", json={"image": IMAGE, "stream": True}) as response:
        lines = _lines(response)
        first = next(lines)
        _move(committed, OperationStatus.APPLYING, OperationStatus.ROLLING)
        _move(committed, OperationStatus.SUCCEEDED)
        rest = list(lines)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert first == {"status": f"ann@example.com: Deploy {IMAGE}"}
    assert [line["status"] for line in rest] == [
        f"Deploy {IMAGE}: {status}" for status in ("applying", "rolling", "succeeded")
    ]
    assert served.get("/apps/hello").status_code == 200


def test_a_deploy_that_fails_ends_with_an_error_line(
    served: httpx2.Client, committed: Sessions, acme: App
) -> None:
    request = {"image": IMAGE, "stream": True}
    with served.stream("POST", "/apps/acme/deploys", json=request) as response:
        lines = _lines(response)
        next(lines)
        _move(committed, OperationStatus.FAILED, reason="no such image")
        (last,) = lines

    message = f"Deploy {IMAGE}: no such image"
    assert last == {"error": message, "errorDetail": {"message": message}}


def test_a_deploy_stream_that_is_cut_off_says_so(
    committed: Sessions, cipher: Cipher, database_url: str, acme: App
) -> None:
    api = create_app(committed, cipher, listener=database_url, site=SITE)
    client = httpx2.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    request = {"image": IMAGE, "stream": True}
    with client, serving(api) as url:
        opened = client.stream("POST", f"{url}/apps/acme/deploys", json=request)
        lines = _lines(opened.__enter__())
        next(lines)
        api.state.hub.stop()
        (last,) = lines

    assert "GET /operations/" in last["error"]


def test_without_stream_the_answer_is_the_operation(client: TestClient) -> None:
    response = client.post("/deploys", json={"image": IMAGE}, headers={"Commit-Message": "go"})

    assert response.status_code == 202
    operation = response.json()
    assert (operation["kind"], operation["status"], operation["number"]) == ("deploy", "pending", 1)
    assert (operation["app"]["name"], operation["message"]) == ("hello", "go")
    assert client.get("/apps/hello/operations").json() == [operation]


@pytest.mark.parametrize("stream", [True, False])
def test_what_can_be_refused_is_refused_before_a_stream_begins(
    client: TestClient, stream: bool
) -> None:
    for path, request, status in [
        ("/deploys", {"image": "http://no", "stream": stream}, 422),
        ("/deploys", {"image": "acme/A", "stream": stream}, 422),
        ("/deploys", {"image": "acme/1x", "stream": stream}, 422),
        ("/deploys", {"image": "", "stream": stream}, 422),
        ("/deploys", {"image": None, "stream": stream}, 422),
        ("/deploys", {"stream": stream}, 422),
        ("/apps/nope/deploys", {"image": IMAGE, "stream": stream}, 404),
    ]:
        response = client.post(path, json=request)

        assert (response.status_code, response.json()["url"]) == (status, None)
    assert client.get("/apps").json() == []


def _lines(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in response.iter_lines())


def _move(sessions: Sessions, *statuses: OperationStatus, reason: str = "") -> None:
    for status in statuses:
        with sessions() as session:
            operation = session.scalars(select(Operation)).one()
        _end(sessions, operation, status, reason)


def _end(sessions: Sessions, operation: Operation, status: OperationStatus, reason: str) -> None:
    with sessions.begin() as session:
        app = session.get_one(App, operation.app_id)
        operations.lock(session, app)
        operations.move(session, app, session.get_one(Operation, operation.id), status, reason)


def _cut_listener(engine: Engine) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
    with engine.begin() as connection:
        connection.execute(text(cut), {"name": "palatine-streams"})


def _await(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
