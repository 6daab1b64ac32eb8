"""One home, in which a local AWS is started, killed and started again, at other ports."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psutil

from tests.localaws.conftest import START_SECONDS, LocalAws, free_port, healthy, start, until

Json = dict[str, Any]


class Life:
    def __init__(self, home: Path, driver: str = "process") -> None:
        self.home, self.driver = home, driver
        self.aws = self.started()

    def started(self) -> LocalAws:
        port, router_port = free_port(), free_port()
        process = start(self.home, port=port, router_port=router_port, driver=self.driver)
        self.aws = LocalAws(port, router_port, process)
        until(lambda: healthy(self.aws), START_SECONDS)
        return self.aws

    def written(self) -> None:
        """Until what was done so far has been written: one write may have been under way."""
        for _ in range(2):
            before = self.number()
            self.aws.client("sqs").create_queue(QueueName=f"mark-{before}")
            until(lambda before=before: self.number() > before)  # type: ignore[misc]

    def number(self) -> int:
        path = self.home / "state" / "manifest.json"
        return int(json.loads(path.read_text())["number"]) if path.exists() else 0

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.aws.process.send_signal(how)
        self.aws.process.communicate(timeout=20)

    def killed(self, how: signal.Signals = signal.SIGKILL) -> LocalAws:
        self.kill(how)
        return self.started()

    def end(self) -> None:
        self.aws.process.terminate()
        self.aws.process.communicate(timeout=20)

    def processes(self) -> list[psutil.Process]:
        """Of its tasks."""
        return [
            one
            for one in psutil.process_iter(["cwd"])
            if (one.info["cwd"] or "").startswith(str(self.home / "containers"))
        ]

    def faults(self, *faults: Json) -> None:
        url = f"http://127.0.0.1:{self.aws.port}/_local/faults"
        data = json.dumps({"faults": faults}).encode()
        opener = build_opener(ProxyHandler({}))
        opener.open(Request(url, data, method="PUT"), timeout=10).close()

    def register(self, family: str, *containers: Json, **more: object) -> None:
        whole = [
            {"name": "main", "memory": 32, "command": ["sh", "-c", "exec sleep 3600"], **one}
            for one in containers
        ]
        self.aws.client("ecs").register_task_definition(
            family=family, containerDefinitions=whole, **more
        )

    def run(self, family: str) -> str:
        """The ARN of a task of the seeded cluster."""
        ran = self.aws.client("ecs").run_task(cluster="palatine", taskDefinition=family)
        return str(ran["tasks"][0]["taskArn"])

    def serve(self, name: str, count: int, **more: object) -> None:
        self.aws.client("ecs").create_service(
            cluster="palatine", serviceName=name, taskDefinition=name, desiredCount=count, **more
        )

    def task(self, arn: str) -> Json:
        found = self.aws.client("ecs").describe_tasks(cluster="palatine", tasks=[arn])
        return dict(found["tasks"][0])

    def until_task(self, arn: str, holds: Callable[[Json], object], seconds: float = 20) -> Json:
        return until(lambda: (shown := self.task(arn)) and holds(shown) and shown, seconds)

    def becomes(self, arn: str, status: str) -> Json:
        return self.until_task(arn, lambda one: one["lastStatus"] == status)

    def tasks(self, service: str) -> list[str]:
        asked = {"cluster": "palatine", "serviceName": service}
        return list(self.aws.client("ecs").list_tasks(**asked)["taskArns"])

    def service(self, name: str) -> Json:
        found = self.aws.client("ecs").describe_services(cluster="palatine", services=[name])
        return dict(found["services"][0])
