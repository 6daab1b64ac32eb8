"""Hears PostgreSQL's NOTIFY, through every loss of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from psycopg import AsyncConnection
from sqlalchemy import make_url

from app.services.events import CHANNEL

log = structlog.get_logger(__name__)

_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0


async def listen(url: str, wake: Callable[[str | None], None]) -> None:
    """Call `wake` with each payload, and with None whenever any number may have been missed."""
    delay = _FIRST_DELAY
    while True:
        try:
            async with await _connected(url) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                delay = _FIRST_DELAY
                wake(None)
                async for heard in connection.notifies():
                    wake(heard.payload)
        except (psycopg.Error, OSError) as error:
            log.warning("lost the database's notifications", error=str(error), retry=delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY)


async def _connected(url: str) -> AsyncConnection:
    """One that finds out within half a minute when the other side is gone without a word."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return await AsyncConnection.connect(
        plain,
        autocommit=True,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        application_name="palatine-streams",
    )
