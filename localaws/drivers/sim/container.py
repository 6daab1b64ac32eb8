"""One simulated container: its age, its end, and what it answers meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

from localaws.clock import Clock
from localaws.drivers.driver import DID_NOT_END, Launch, Port
from localaws.drivers.sim.script import Health, Script

STOPPING = (signal.SIGTERM, signal.SIGINT)
KILLED = 128 + signal.SIGKILL
STATUSES = {Health.HEALTHY: 200, Health.UNHEALTHY: 503}
CODES = {Health.HEALTHY: 0, Health.UNHEALTHY: 1}


class Simulated:
    def __init__(
        self,
        launch: Launch,
        script: Script,
        ports: Sequence[Port],
        clock: Clock,
        gone: Callable[[Simulated], None],
    ) -> None:
        self.runtime_id, self.address, self.ports = launch.id, launch.address, ports
        self.out_of_memory = False
        self._script, self._clock, self._gone = script, clock, gone
        self._began = clock.monotonic()
        self._ended = asyncio.get_running_loop().create_future()
        self._coming: list[asyncio.Task[None]] = []  # its end, or ends: the first one counts
        if script.exits_after is not None:
            self._end_in(script.exits_after, script.exit_code, out_of_memory=script.out_of_memory)

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def signal(self, number: int) -> None:
        """What is neither an order to stop nor SIGKILL is ignored, as by any first process."""
        if number == signal.SIGKILL:
            self._end(KILLED, out_of_memory=False)
        elif number in STOPPING and self._script.stops_after is not None:
            self._end_in(self._script.stops_after, self._script.stop_code)

    async def execute(self, command: Sequence[str], timeout: float) -> int:  # noqa: ARG002
        health = self._health()
        if self._ended.done():
            return DID_NOT_END
        if health is Health.SILENT:
            await self._clock.sleep(timeout)
            return DID_NOT_END
        return CODES[health] if health else CODES[Health.UNHEALTHY]

    async def status(self, timeout: float) -> int:
        """What it answers to an HTTP GET; TimeoutError, or ConnectionRefusedError."""
        health = self._health()
        if health is None:
            raise ConnectionRefusedError(self.runtime_id)
        if health is Health.SILENT:
            await self._clock.sleep(timeout)
            raise TimeoutError
        return STATUSES[health]

    def _health(self) -> Health | None:
        return self._script.health_at(self._clock.monotonic() - self._began)

    def _end_in(self, seconds: float, code: int, *, out_of_memory: bool = False) -> None:
        async def later() -> None:
            await self._clock.sleep(seconds)
            self._end(code, out_of_memory=out_of_memory)

        self._coming.append(asyncio.create_task(later()))

    def _end(self, code: int, *, out_of_memory: bool) -> None:
        if self._ended.done():
            return
        self.out_of_memory = out_of_memory
        self._ended.set_result(code)
        self._gone(self)
        for end in self._coming:
            if end is not asyncio.current_task():
                end.cancel()
