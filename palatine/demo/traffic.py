"""Requests to an app through the router, as its users send them: counted, none forgiven."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Tally:
    """What came back: how often from which release and dyno, and everything that went wrong."""

    releases: Counter[str] = field(default_factory=Counter)
    dynos: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(self.releases.values())


class App:
    """An app behind the router. `*.localhost` does not resolve everywhere: the Host header says
    who is meant. A connection for every request, as another user's would be."""

    def __init__(self, router_url: str, host: str) -> None:
        address = urlsplit(router_url)
        self._address = (address.hostname or "", address.port or 80)
        self._host = host

    def ask(self, path: str = "/") -> tuple[int, dict[str, Any]]:
        """Status and JSON; OSError, HTTPException or ValueError when there is no such answer."""
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": self._host})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def see(self, path: str, tally: Tally) -> None:
        try:
            status, body = self.ask(path)
        except (OSError, http.client.HTTPException, ValueError) as error:
            tally.failures.append(f"{path}: {type(error).__name__} {error}")
            return
        if status != 200:
            tally.failures.append(f"{path}: {status} {body}")
            return
        tally.releases[body["release"]] += 1
        tally.dynos[body["dyno"]] += 1


class Stream:
    """Users who keep asking, evenly, until the block ends: quick requests and slow ones."""

    def __init__(self, app: App, *, per_second: float, paths: tuple[str, ...] = ("/",)) -> None:
        self.tally = Tally()
        self._app = app
        self._every = 1 / per_second
        self._paths = paths
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pacer = threading.Thread(target=self._pace)

    def __enter__(self) -> Stream:
        self._pacer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._pacer.join()
        for thread in self._threads:
            thread.join()

    def _pace(self) -> None:
        next_at = time.monotonic()
        count = 0
        while not self._stopped.wait(max(0.0, next_at - time.monotonic())):
            path = self._paths[count % len(self._paths)]
            thread = threading.Thread(target=self._app.see, args=(path, self.tally))
            thread.start()
            self._threads.append(thread)
            count += 1
            next_at += self._every
