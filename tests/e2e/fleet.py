"""The production shape: PostgreSQL and Redis by URL, and every process of Palatine on its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2

from palatine.demo.api import Api
from palatine.demo.installation import Installation
from palatine.demo.traffic import App
from tests.e2e.installing import (
    STOP_WITHIN,
    await_answer,
    client,
    environment,
    free_ports,
    temporary_folder,
)
from tests.servers import postgres_server, redis_server

PACE = {
    "PALATINE_POLL_SECONDS": "0.2",
    "PALATINE_SETTLE_SECONDS": "1",
    "PALATINE_DRAIN_SECONDS": "2",
    "PALATINE_CONSISTENCY_SECONDS": "1",
    "PALATINE_LEASE_SECONDS": "3",
    "PALATINE_HEALTH_CHECK_INTERVAL_SECONDS": "5",
    "PALATINE_HEALTH_CHECK_TIMEOUT_SECONDS": "2",
}
SEEDED = (
    *("cluster", "vpc_id", "listener_arn", "execution_role_arn", "task_role_arn", "queue_url"),
    *("apps_domain", "router_url"),
)


@dataclass
class Fleet:
    folder: Path
    settings: dict[str, str]
    redis_url: str
    ports: tuple[int, ...]
    processes: ExitStack
    token: str = ""

    @property
    def webs(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports[2:]]

    @property
    def at(self) -> Installation:
        """By its first web process."""
        aws, router = (f"http://127.0.0.1:{port}" for port in self.ports[:2])
        return Installation(self.webs[0], aws, router, self.token, pid=0)

    @cached_property
    def api(self) -> Api:
        return self.of(self.webs[0])

    def of(self, url: str) -> Api:
        """The API of one of the web processes, over connections of its own."""
        return self.processes.enter_context(closing(Api(url, self.token)))

    def app(self, name: str) -> App:
        return App(self.at.router_url, f"{name}.localhost")

    @cached_property
    def ecs(self) -> Any:  # noqa: ANN401 - boto3's clients have no types
        return self.processes.enter_context(closing(client(self.at.aws_url, "ecs")))

    def run(self, *command: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "palatine", *command],
            env=environment(self.settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def start(self, *command: str, **settings: str) -> subprocess.Popen[bytes]:
        """A process of the fleet, stopped with it unless it has ended before."""
        with self.said.open("ab") as said:
            child = subprocess.Popen(
                [sys.executable, "-m", "palatine", *command],
                env=environment(self.settings | settings),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.processes.callback(_stop, child)
        return child

    @property
    def said(self) -> Path:
        return self.folder / "said"


@contextmanager
def standing() -> Iterator[Fleet]:
    """A local AWS and two web processes; workers are the test's to start."""
    with (
        postgres_server() as database_url,
        redis_server() as redis_url,
        temporary_folder() as folder,
        ExitStack() as processes,
    ):
        settings = PACE | {
            "TMPDIR": str(folder),
            "PALATINE_HOME": str(folder / "home"),
            "PALATINE_DATABASE_URL": database_url,
            "PALATINE_BROKER_URL": redis_url,
        }
        fleet = Fleet(folder, settings, redis_url, free_ports(4), processes)
        _start_local_aws(fleet)
        fleet.run("migrate")
        fleet.token = fleet.run("token").splitlines()[-1]
        _start_webs(fleet)
        yield fleet


def _start_local_aws(fleet: Fleet) -> None:
    aws, router = fleet.ports[:2]
    home = str(fleet.folder / "aws")
    child = fleet.start(
        "localaws", "--port", str(aws), "--router-port", str(router), "--home", home
    )
    await_answer(f"{fleet.at.aws_url}/_local/health", child, fleet.said)
    seed = httpx2.get(f"{fleet.at.aws_url}/_local/seed", trust_env=False).json()
    fleet.settings |= {f"PALATINE_{name.upper()}": seed[name] for name in SEEDED}
    fleet.settings |= {
        "PALATINE_AWS_ENDPOINT_URL": fleet.at.aws_url,
        "PALATINE_AWS_REGION": seed["region"],
    }


def _start_webs(fleet: Fleet) -> None:
    children = [fleet.start("web", PALATINE_PORT=str(port)) for port in fleet.ports[2:]]
    for url, child in zip(fleet.webs, children, strict=True):
        await_answer(f"{url}/health", child, fleet.said)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        child.wait(STOP_WITHIN)
