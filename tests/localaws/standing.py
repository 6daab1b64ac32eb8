"""Real servers, to stand behind a load balancer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """A target: says its name, what it was sent, and what it is told to say of its health."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str = "one") -> None:
        self.name = name
        self.health = 200
        self.checks = 0
        self.cookie = ""  # that it sets
        self.requests: list[str] = []
        self.entered = threading.Event()
        self.release = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answers)

    @property
    def port(self) -> int:
        return self.server_port


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/health":
            self.server.checks += 1
            self._say(self.server.health, b"")
            return
        self.server.requests.append(self.path)
        match self.path:
            case "/held":
                self.server.entered.set()
                self.server.release.wait(10)
            case "/slow":
                self.server.entered.wait(0.2)
            case "/broken":
                self.close_connection = True
                return
            case "/cut":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"only this")
                self.close_connection = True
                return
            case "/chunks":
                self._chunks()
                return
        self._say(200, self._told().encode())

    def do_POST(self) -> None:
        self.server.requests.append(self.path)
        length = int(self.headers.get("Content-Length", 0))
        self._say(200, self.rfile.read(length))

    do_PUT = do_POST  # noqa: N815 - http.server's name

    def do_HEAD(self) -> None:
        self._say(200, b"x" * 10)

    def _told(self) -> str:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return json.dumps({"server": self.server.name, "path": self.path, "headers": headers})

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.server.cookie:
            self.send_header("Set-Cookie", self.server.cookie)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n")
        self.server.entered.set()
        self.server.release.wait(10)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def serving(name: str = "one") -> Iterator[Server]:
    server = Server(name)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
