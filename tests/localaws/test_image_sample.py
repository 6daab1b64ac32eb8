"""The sample app as a task runs it: its own process, told who it is, asked to end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import ProxyHandler, build_opener

import psutil

from tests.localaws.conftest import free_port, until

SAMPLE = Path(__file__).parents[2] / "docker" / "samples" / "hello"
TASK = "arn:aws:ecs:us-east-1:123456789012:task/palatine/3f2a9c01d2e34b5c8d7e6f5a4b3c2d1e"
_http = build_opener(ProxyHandler({}))


class Metadata(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/v4/x/task" else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"TaskARN": TASK}).encode())

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def running(program: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Beside an endpoint that says which task it is."""
    with HTTPServer(("127.0.0.1", 0), Metadata) as metadata:
        thread = Thread(target=metadata.serve_forever, args=(0.01,))
        thread.start()
        uri = f"http://127.0.0.1:{metadata.server_port}/v4/x"
        told = {"ECS_CONTAINER_METADATA_URI_V4": uri, "PALATINE_RELEASE": "v7", **environment}
        process = subprocess.Popen(
            [sys.executable, program], cwd=SAMPLE, env=os.environ | told,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=5)
            metadata.shutdown()
            thread.join(5)


def get(port: int, path: str) -> dict[str, Any] | None:
    try:
        with _http.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            read: dict[str, Any] = json.load(answer)
            return read
    except OSError:
        return None


def web(port: int) -> dict[str, str]:
    return {"HOST": "127.0.0.1", "PORT": str(port), "PALATINE_PROCESS_TYPE": "web"}


def test_it_says_who_it_is() -> None:
    port = free_port()
    with running("web.py", **web(port), GREETING="Hej"):
        answer = until(lambda: get(port, "/"))

    assert answer == {"release": "v7", "dyno": "web.3f2a9c01", "greeting": "Hej"}


def test_told_to_end_it_answers_what_it_has_begun() -> None:
    port = free_port()
    with running("web.py", **web(port)) as process, ThreadPoolExecutor() as pool:
        until(lambda: get(port, "/health"))
        slow = pool.submit(get, port, "/slow?seconds=1")
        until(lambda: connected(process.pid, port))
        process.send_signal(signal.SIGTERM)
        answer = slow.result(10)
        status = process.wait(5)

    assert answer is not None
    assert answer["slept"] == 1
    assert status == 0


def test_the_worker_works_until_it_is_told_to_end() -> None:
    told = {"PALATINE_PROCESS_TYPE": "worker", "WORKER_SECONDS": "0.05"}
    with running("worker.py", **told) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        status = process.wait(5)

    assert lines == ["worker.3f2a9c01 v7 begins", "worker.3f2a9c01 has done job 1"]
    assert status == 0


def connected(pid: int, port: int) -> bool:
    connections = psutil.Process(pid).net_connections("tcp")
    return any(one.status == "ESTABLISHED" and one.laddr.port == port for one in connections)
