"""Says hello over HTTP, and finishes what it has begun before it ends."""

import json
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import dyno

DYNO = dyno.name()
LONGEST = 300.0  # seconds that /slow may take


class Hello(BaseHTTPRequestHandler):
    timeout = 65  # a little over the load balancer's own

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        match address.path:
            case "/":
                self._say(200, hello())
            case "/health":
                self._say(200, {"status": "ok"})
            case "/slow":
                self._slow(parse_qs(address.query).get("seconds", ["1"])[0])
            case path:
                self._say(404, {"message": f"There is nothing at {path}."})

    def _slow(self, seconds: str) -> None:
        try:
            wait = float(seconds)
        except ValueError:
            wait = -1
        if not 0 <= wait <= LONGEST:
            self._say(400, {"message": f"seconds must be between 0 and {LONGEST:.0f}."})
            return
        time.sleep(wait)
        self._say(200, hello() | {"slept": wait})

    def _say(self, status: int, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, line: str, *values: object) -> None:
        if self.path != "/health":
            print(line % values, flush=True)


class Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close() waits for the requests in flight
    request_queue_size = 128

    def server_bind(self) -> None:
        """Without the look-up of a host name that http.server adds: it may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.socket.getsockname()[:2]


def hello() -> dict[str, object]:
    return {
        "release": dyno.release(),
        "dyno": DYNO,
        "greeting": os.environ.get("GREETING", "Hello from Palatine"),
    }


def main() -> None:
    host, port = os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))
    with Server((host, port), Hello) as server:

        def stop(*_: object) -> None:
            # shutdown() waits for serve_forever(), which this signal has interrupted
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        print(f"{DYNO} {dyno.release()} listens on {host}:{port}", flush=True)
        server.serve_forever(poll_interval=0.1)
    print(f"{DYNO} has answered everything and ends", flush=True)


if __name__ == "__main__":
    main()
