"""Real requests to a load balancer's real port."""

import http.client
import json
import socket
from contextlib import closing
from typing import Any

from tests.localaws.balancing import Place
from tests.localaws.standing import Server

HOST = "hello.localhost"


def stand_behind(place: Place, group: str, *servers: Server) -> None:
    for server in servers:
        place.register(group, server.port)
    for server in servers:
        place.until(group, server.port, "healthy")


def ask(
    place: Place,
    path: str = "/",
    host: str = HOST,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: Any = None,  # noqa: ANN401 - as http.client takes it
) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)) as connection:
        connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()


def who(place: Place, path: str = "/", host: str = HOST) -> str:
    status, body = ask(place, path, host)
    return str(json.loads(body)["server"]) if status == 200 else str(status)


def raw(place: Place, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", place.port), timeout=10) as connection:
        connection.sendall(sent)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer
