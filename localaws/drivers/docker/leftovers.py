"""What a local AWS that is no more has left in the Docker Engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from localaws.drivers.docker import worlds
from localaws.drivers.docker.container import forget
from localaws.drivers.docker.engine import Engine, address
from localaws.drivers.driver import DriverUnusable


def end(home: Path) -> None:
    """Every container of a driver's home. Without an engine that answers there are none."""
    asyncio.run(_end(home))


async def _end(home: Path) -> None:
    engine = Engine(address())
    try:
        await engine.connect()
    except DriverUnusable:
        return
    try:
        ours = await worlds.containers(engine.docker, worlds.labels(home))
        await asyncio.gather(*(forget(one) for one in ours))
    finally:
        await engine.close()
