"""An OCI registry on 127.0.0.1 that does what a test tells it, and counts what it sends."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.gateways.images import BuiltImage, Layer

Answer = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request, and the means to answer it badly."""

    handler: BaseHTTPRequestHandler
    path: str
    query: dict[str, list[str]]
    authorization: str | None

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.start(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.handler.wfile.write(body)

    def start(self, status: int, headers: dict[str, str]) -> None:
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def hang_up(self) -> None:
        self.handler.close_connection = True


@dataclass
class ScriptedRegistry:
    """`special` answers a path in its own way; all else is served from the images put in."""

    port: int = 0
    auth: str | None = None  # "bearer" or "basic"
    user: tuple[str, str] | None = None  # whom the token service or Basic lets in; None: anyone
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, Layer] = field(default_factory=dict)
    special: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authorizations: list[tuple[str, str | None]] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def put(self, repository: str, tag: str, image: BuiltImage) -> str:
        """Returns the reference."""
        for name in (tag, image.digest):
            self.manifests[f"{repository}/manifests/{name}"] = (image.media_type, image.manifest)
        for variant in image.variants:
            self.put(repository, variant.digest, variant)
        for blob in image.blobs:
            self.blobs[blob.digest] = blob
        return f"{self.host}/{repository}:{tag}"

    def count(self, text: str) -> int:
        return sum(text in path for path in self.asked)

    def serve(self, exchange: Exchange) -> None:
        path = exchange.path
        self.asked.append(path)
        self.authorizations.append((path, exchange.authorization))
        if path in self.special:
            self.special[path](exchange)
        elif path == "/token":
            self._give_token(exchange)
        elif not self._allowed(exchange):
            exchange.answer(401, {"WWW-Authenticate": self._challenge(path)})
        elif "/manifests/" in path:
            self._serve_manifest(exchange)
        else:
            self.serve_blob(exchange)

    def serve_blob(self, exchange: Exchange) -> None:
        blob = self.blobs.get(exchange.path.rpartition("/")[2])
        if blob is None:
            exchange.answer(404)
            return
        exchange.start(200, {"Content-Length": str(blob.size)})
        try:
            for chunk in blob.chunks():
                exchange.handler.wfile.write(chunk)
                self.sent[blob.digest] += len(chunk)
        except OSError:  # the client has read enough
            exchange.hang_up()

    def _serve_manifest(self, exchange: Exchange) -> None:
        found = self.manifests.get(exchange.path.removeprefix("/v2/"))
        if found is None:
            exchange.answer(404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        else:
            exchange.answer(200, {"Content-Type": found[0]}, found[1])

    def _challenge(self, path: str) -> str:
        if self.auth == "basic":
            return 'Basic realm="scripted"'
        repository = path.removeprefix("/v2/").partition("/manifests/")[0].partition("/blobs/")[0]
        return (
            f'Bearer realm="{self.url}/token",service="scripted",'
            f'scope="repository:{repository}:pull"'
        )

    def _allowed(self, exchange: Exchange) -> bool:
        if self.auth == "basic":
            return exchange.authorization == self._basic()
        if self.auth == "bearer":
            return (exchange.authorization or "").startswith("Bearer let-in:")
        return True

    def _give_token(self, exchange: Exchange) -> None:
        if self.user and exchange.authorization != self._basic():
            exchange.answer(401)
            return
        [scope] = exchange.query["scope"]
        token = {"token": f"let-in:{scope}", "expires_in": 300}
        exchange.answer(200, body=json.dumps(token).encode())

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(":".join(self.user or ("", "")).encode()).decode()


class Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), OSError):  # clients may leave when they like
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def running() -> Iterator[ScriptedRegistry]:
    registry = ScriptedRegistry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            registry.serve(Exchange(self, parts.path, query, self.headers["Authorization"]))

        def log_message(self, format: str, *args: object) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    registry.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
