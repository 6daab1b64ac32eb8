"""The one clock of the local AWS: whatever waits or dates something asks here."""

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
