"""A container that runs, its output on its way to the logs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

from localaws.clock import Clock
from localaws.drivers.driver import Running
from localaws.ecs.tasks.logs import LogStream
from localaws.ecs.tasks.mishaps import Ending

LOG_FAREWELL_SECONDS = 5
LOOK_AGAIN_SECONDS = 1.0  # whether one that is to crash once it is healthy is


class Started:
    def __init__(
        self,
        clock: Clock,
        running: Running,
        logs: LogStream | None,
        ending: Ending | None = None,
        healthy: Callable[[], bool] = lambda: True,
    ) -> None:
        self._clock, self._running, self._logs = clock, running, logs
        self._ending, self._healthy, self._cut_short = ending, healthy, False

    @property
    def out_of_memory(self) -> bool:
        if self._cut_short and self._ending:
            return self._ending.out_of_memory
        return self._running.out_of_memory

    async def wait(self) -> int:
        """The exit code."""
        if self._ending is None:
            return await self._running.wait()
        return await self._meet(self._ending)

    async def signal(self, number: int) -> None:
        await self._running.signal(number)

    async def execute(self, command: Sequence[str], timeout: float) -> int:
        return await self._running.execute(command, timeout)

    async def last_lines(self) -> None:
        """Shipped, or lost after a while: logs never keep a task."""
        if self._logs:
            with suppress(asyncio.TimeoutError):
                async with self._clock.timeout(LOG_FAREWELL_SECONDS):
                    await self._logs.shipped()

    async def _meet(self, ending: Ending) -> int:
        """Its end by itself, or the one that was told."""
        while ending.once_healthy and not self._healthy():
            if await self._ends_within(LOOK_AGAIN_SECONDS):
                return await self._running.wait()
        if not await self._ends_within(ending.after) and not ending.told_to_end:
            self._cut_short = True
            await self._running.signal(signal.SIGKILL)
            await self._running.wait()
            return ending.code
        return await self._running.wait()

    async def _ends_within(self, seconds: float) -> bool:
        with suppress(asyncio.TimeoutError):
            async with self._clock.timeout(seconds):
                await self._running.wait()
                return True
        return False
