from __future__ import annotations

from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.api.ranges import number, parse
from app.api.refusals import Refusal
from app.domain.page import Bound, Range
from tests.factories import make_app, make_release

FIELDS = {"version": number, "id": UUID, "name": str}
ID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("", Range("version")),
        ("version ..", Range("version")),
        ("version ..; max=1, order=desc", Range("version", limit=1, descending=True)),
        ("version ..; order=desc,max=1", Range("version", limit=1, descending=True)),
        ("version ..; max=20, , order=desc", Range("version", limit=20, descending=True)),
        ("version ..;max=20,order=asc;", Range("version", limit=20)),
        ("id ..; max=1000;", Range("id", limit=1000)),
        ("id ..; ;", Range("id")),
        ("domain ..; ;", Range("version")),
        ("seq ..; order=desc,max=5", Range("version", limit=5, descending=True)),
        ("version 3..5", Range("version", Bound(3), Bound(5))),
        ("version ]3..5[", Range("version", Bound(3, False), Bound(5, False))),
        ("name a-b..", Range("name", Bound("a-b"))),
        (f"id {ID}..", Range("id", Bound(UUID(ID)))),
        ("version ..; max=0", Range("version", limit=1)),
        ("version ..; max=5000", Range("version", limit=1000)),
        ("version ..; max=99999999999999999999", Range("version")),
        ("version ..; max=-1; order=sideways", Range("version")),
        ("version 999999999999..", Range("version", Bound(2**31 - 1))),
        ("bytes=0-1023", Range("version")),
        ("nonsense", Range("version")),
        ("(select 1 from pg_sleep(1)) ..; max=1", Range("version", limit=1)),
    ],
)
def test_ranges_as_clients_write_them(header: str, asked: Range) -> None:
    assert parse(header, FIELDS) == asked


@pytest.mark.parametrize(
    "header", ["version a..", "id x..", "version ..-1", "version 99999999999999999999.."]
)
def test_a_bound_that_is_no_value_of_its_field_is_416(header: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(header, FIELDS)

    assert refused.value.status_code == 416


@pytest.mark.parametrize("order", ["", ", order=desc"])
def test_following_next_range_shows_everything_once(
    client: TestClient, session: Session, order: str
) -> None:
    app = make_app(session, "acme")
    for _ in range(7):
        make_release(session, app)

    seen, asked, statuses = [], f"version ..; max=3{order}", []
    while asked:
        page = client.get("/apps/acme/releases", headers={"Range": asked})
        seen += [release["version"] for release in page.json()]
        statuses.append(page.status_code)
        asked = page.headers.get("Next-Range", "")

    assert seen == ([7, 6, 5, 4, 3, 2, 1] if order else [1, 2, 3, 4, 5, 6, 7])
    assert statuses == [206, 206, 200]


def test_bounds_stay_while_paging(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme")
    for _ in range(7):
        make_release(session, app)

    first = client.get("/apps/acme/releases", headers={"Range": "version 2..4; max=2"})
    rest = client.get("/apps/acme/releases", headers={"Range": first.headers["Next-Range"]})

    assert first.headers["Content-Range"] == "version 2..3"
    assert first.headers["Accept-Ranges"] == "version, id"
    assert first.headers["Next-Range"] == "version ]3..4; max=2"
    assert [release["version"] for release in rest.json()] == [4]


def test_the_most_used_call_of_all(client: TestClient, session: Session) -> None:
    app = make_app(session, "acme")
    make_release(session, app)
    make_release(session, app)

    response = client.get("/apps/acme/releases", headers={"Range": "version ..; order=desc,max=1"})

    assert [release["version"] for release in response.json()] == [2]


def test_200_is_the_default_and_1000_the_most(client: TestClient, session: Session) -> None:
    for n in range(201):
        make_app(session, f"app-{n:03}")

    default = client.get("/apps")
    cli = client.get("/apps", headers={"Range": "id ..; max=9999;"})

    assert (default.status_code, len(default.json())) == (206, 200)
    assert default.headers["Next-Range"] == "name ]app-199..; max=200"
    assert (cli.status_code, len(cli.json())) == (200, 201)
    assert [app["id"] for app in cli.json()] == sorted(app["id"] for app in cli.json())


def test_ranges_where_there_is_no_list_are_ignored(client: TestClient, session: Session) -> None:
    headers = {"Range": "id ..; max=1000"}

    created = client.post("/apps", json={"name": "acme"}, headers=headers)
    shown = client.get("/apps/acme", headers=headers)
    empty = client.get("/apps/acme/releases", headers={"Range": "version ..; max=1"})

    assert (created.status_code, shown.status_code) == (201, 200)
    assert (empty.status_code, empty.json()) == (200, [])
    assert "Next-Range" not in empty.headers
