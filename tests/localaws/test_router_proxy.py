"""What a request and its answer are like on the other side."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.localaws.asking import HOST, ask, raw, stand_behind
from tests.localaws.balancing import Place, free_port
from tests.localaws.standing import Server, serving


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def group(place: Place, server: Server) -> str:
    """One healthy target behind hello.localhost."""
    group = place.group()
    place.rule(10, group, HOST)
    stand_behind(place, group, server)
    return group


def test_the_target_learns_who_asked(place: Place, group: str) -> None:
    given = {
        "X-Forwarded-For": "10.1.2.3",
        "X-Forwarded-Proto": "https",
        "X-Amzn-Trace-Id": "Root=1-2-3",
        "X-Own": "kept",
        "Connection": "keep-alive, X-Hop",
        "X-Hop": "dropped",
    }

    told = json.loads(ask(place, headers=given)[1])["headers"]

    assert told["x-forwarded-for"] == "10.1.2.3, 127.0.0.1"
    assert told["x-forwarded-proto"] == "http"
    assert told["x-forwarded-port"] == str(place.port)
    assert told["x-amzn-trace-id"].startswith("Self=1-")
    assert told["x-amzn-trace-id"].endswith(";Root=1-2-3")
    assert (told["host"], told["x-own"], "x-hop" in told) == (HOST, "kept", False)


def test_a_trace_begins_here_if_nobody_began_one(place: Place, group: str) -> None:
    told = json.loads(ask(place)[1])["headers"]

    assert told["x-amzn-trace-id"].startswith("Root=1-")


def test_a_target_that_breaks_off_is_502_and_is_not_asked_twice(
    place: Place, group: str, server: Server
) -> None:
    status, _ = ask(place, "/broken")

    assert status == 502
    assert server.requests == ["/broken"]


def test_a_target_that_keeps_silent_is_504(place: Place, group: str, server: Server) -> None:
    assert ask(place, "/held")[0] == 504
    assert server.requests == ["/held"]


def test_an_answer_cut_short_is_seen_to_be_cut(place: Place, group: str) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        ask(place, "/cut")


def test_an_answer_is_passed_on_as_it_comes(place: Place, group: str, server: Server) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)) as connection:
        connection.request("GET", "/chunks", headers={"Host": HOST})
        answer = connection.getresponse()
        first = answer.read1(100)  # the second part is not even written yet
        server.release.set()
        rest = answer.read()

    assert (first, rest) == (b"first", b"second")


def test_a_body_goes_through_whole(place: Place, group: str) -> None:
    body = bytes(range(256)) * 16_384  # 4 MiB

    assert ask(place, "/up", method="POST", body=body) == (200, body)


def test_head_has_a_length_and_no_body(place: Place, group: str) -> None:
    assert raw(
        place, f"HEAD / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    ).endswith(b"\r\n\r\n")


def test_a_connection_carries_many_requests(place: Place, group: str) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)) as connection:
        connection.connect()
        local = connection.sock.getsockname()
        for path in ("/a", "/b", "/c"):
            connection.request("GET", path, headers={"Host": HOST})
            assert json.loads(connection.getresponse().read())["path"] == path

        assert connection.sock.getsockname() == local


def test_requests_sent_ahead_are_answered_in_order(place: Place, group: str) -> None:
    one = f"GET /1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    two = f"GET /2 HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"

    answer = raw(place, (one + two).encode())

    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b'"path": "/1"') < answer.index(b'"path": "/2"')


def test_an_answer_in_chunks_reaches_a_client_that_knows_none(
    place: Place, group: str, server: Server
) -> None:
    server.release.set()

    answer = raw(place, f"GET /chunks HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\nfirstsecond")


def test_a_client_that_waits_for_leave_to_send_gets_it(place: Place, group: str) -> None:
    head = (
        f"POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", place.port), timeout=10) as client:
        client.sendall(head.encode())
        leave = client.recv(65536)
        client.sendall(b"abc")
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk

    assert leave.startswith(b"HTTP/1.1 100")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"abc")


def test_a_refused_upload_is_answered_even_if_it_is_never_sent(place: Place) -> None:
    head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"

    assert raw(place, head.encode()).startswith(b"HTTP/1.1 404")


def test_a_balancer_is_no_way_out(place: Place, group: str) -> None:
    sent = f"CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"

    assert raw(place, sent.encode()).startswith(b"HTTP/1.1 405")


def test_what_is_no_http_is_400(place: Place) -> None:
    assert raw(place, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw(place, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")  # no host


def test_a_body_in_chunks_has_no_other_length(place: Place) -> None:
    """Two lengths for one body is how requests are smuggled past a proxy."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as target:
        group = place.group(HealthCheckPort=str(free_port()))
        place.rule(10, group, HOST)
        port = target.getsockname()[1]
        place.register(group, port)
        place.until(group, port, "unhealthy")  # open, for no target is healthy

        def answer() -> None:
            connection, _ = target.accept()
            with connection:
                while not b"".join(seen).endswith(b"0\r\n\r\n"):
                    seen.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        sent = (
            f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
        got = raw(place, sent.encode())
        answering.join(5)

    assert got.startswith(b"HTTP/1.1 204")
    assert b"content-length" not in b"".join(seen).lower()


def test_an_upgraded_connection_carries_bytes_both_ways(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as target:
        group = place.group(HealthCheckPort=str(free_port()))
        place.rule(10, group, HOST)
        port = target.getsockname()[1]
        place.register(group, port)
        place.until(group, port, "unhealthy")

        def echo() -> None:
            connection, _ = target.accept()
            with connection:
                asked = connection.recv(65536)
                assert b"upgrade: websocket" in asked.lower()
                connection.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\n"
                    b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\nwelcome"
                )
                connection.sendall(connection.recv(65536).upper())

        echoing = threading.Thread(target=echo)
        echoing.start()
        with socket.create_connection(("127.0.0.1", place.port), timeout=10) as client:
            client.sendall(
                f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
            )
            got = b""
            while not got.endswith(b"welcome"):
                got += client.recv(65536)
            client.sendall(b"hello")
            echoed = client.recv(65536)
        echoing.join(5)

    assert got.startswith(b"HTTP/1.1 101")
    assert echoed == b"HELLO"
