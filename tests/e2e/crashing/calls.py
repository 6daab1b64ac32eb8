"""The calls that leave a worker process: each has a name, is logged, and may be the last.

A call's name says where in the work it stands, so that another run makes the same one:

- what changes something (`ecs.CreateService#2`), and what is asked for once (`registry.blobs#1`,
  `validation#1`), by its number among those of its kind;
- the first look after a change by that change (`cloudformation.DescribeStacks after
  cloudformation.CreateStack#1`);
- every other look (`ecs.ListTasks`), and what another thread does at its own pace
  (`sqs.ReceiveMessage`), by its kind. A look is repeated until it shows what is waited for, and
  between the calls of one look nothing is written, here or there: its first time stands for all.

The hooks are put into the libraries through which the calls leave: botocore, httpx2, subprocess.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from botocore.client import BaseClient
from httpx2 import HTTPTransport, Request, Response

MOMENTS = ("before", "after")  # AWS has not heard of it; AWS has done it, and we do not know
Json = dict[str, Any]
_LOOKS = ("Describe", "List", "Get")


@dataclass(frozen=True)
class Errand:
    """Where a worker's calls are logged, counted anew, and its last: a name and a moment, as in
    "ecs.StopTask#1:after"."""

    log: str
    last: str | None

    def write(self, file: Path) -> None:
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)))
        fresh.rename(file)


class Calls:
    """Of this process, from `watch` on, as the file `errand` says: see `Errand`."""

    def __init__(self, errand: Path) -> None:
        self._file = errand
        self._read_at = 0
        self._errand = Errand("", None)
        self._counts: Counter[str] = Counter()
        self._change = ""
        self._lock = threading.Lock()

    def watch(self) -> None:
        self._watch_aws()
        self._watch_registries()
        self._watch_validation()

    def _watch_aws(self) -> None:
        ask = BaseClient._make_api_call

        def asked(client: BaseClient, operation: str, parameters: Json) -> Json:
            with self._around(self._of_aws(client.meta.service_model.service_name, operation)):
                return ask(client, operation, parameters)

        BaseClient._make_api_call = asked

    def _watch_registries(self) -> None:
        ask = HTTPTransport.handle_request

        def asked(transport: HTTPTransport, request: Request) -> Response:
            kind = request.url.path.split("/")[-2]  # …/manifests/v1, …/blobs/sha256:…
            with self._around(self._numbered(f"registry.{kind}")):
                return ask(transport, request)

        HTTPTransport.handle_request = asked  # type: ignore[method-assign]

    def _watch_validation(self) -> None:
        run = subprocess.run

        def ran(command: list[str], **options: Any) -> CompletedProcess[str]:  # noqa: ANN401
            if sys.executable not in command:  # Python's own, as for `platform.uname`
                return run(command, **options)
            with self._around(self._numbered("validation")):
                return run(command, **options)

        subprocess.run = ran  # type: ignore[assignment]

    @contextmanager
    def _around(self, name: Callable[[], str]) -> Iterator[None]:
        with self._lock:
            self._look_for_errand()
            called = name()
            self._write(called)
        self._end_if(f"{called}:before")
        try:
            yield
        finally:  # a refusal is an answer too
            self._end_if(f"{called}:after")

    def _of_aws(self, service: str, operation: str) -> Callable[[], str]:
        call = f"{service}.{operation}"
        if service == "sqs":
            return lambda: call
        if operation.startswith(_LOOKS):
            return lambda: self._looked(call)
        return lambda: self._changed(self._numbered(call)())

    def _changed(self, call: str) -> str:
        self._change = call
        return call

    def _looked(self, call: str) -> str:
        change, self._change = self._change, ""
        return f"{call} after {change}" if change else call

    def _numbered(self, call: str) -> Callable[[], str]:
        def name() -> str:
            self._counts[call] += 1
            return f"{call}#{self._counts[call]}"

        return name

    def _look_for_errand(self) -> None:
        if (written := self._file.stat().st_mtime_ns) != self._read_at:
            self._read_at = written
            self._errand = Errand(**json.loads(self._file.read_text()))
            self._counts.clear()
            self._change = ""

    def _write(self, call: str) -> None:
        # what was written before a SIGKILL is there after it
        with open(self._errand.log, "a") as log:
            log.write(f"{call}\n")

    def _end_if(self, moment: str) -> None:
        if moment == self._errand.last:
            os.kill(os.getpid(), signal.SIGKILL)


def read(log: Path) -> list[str]:
    """The names in a log, each once, in the order of their first call."""
    return list(dict.fromkeys(log.read_text().splitlines())) if log.exists() else []
