"""`/_local/clock`: GET tells the time and how it passes, POST `{"advance": seconds}` moves it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from localaws.clock import Clock, VirtualClock
from localaws.wire.request import Request

Answer = tuple[int, Mapping[str, Any]]


class ClockApi:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def answer(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET" | "HEAD", "/_local/clock":
                return 200, self._shown()
            case "POST", "/_local/clock":
                return await self._advance(request)
        return 404, {"message": f"There is no {request.method} {request.path}."}

    async def _advance(self, request: Request) -> Answer:
        seconds = _seconds(request.body)
        if seconds is None:
            return 400, {"message": 'The body is {"advance": seconds}, which are not negative.'}
        if not isinstance(self._clock, VirtualClock):
            return 409, {"message": "This clock runs by itself; --time-scale 0 stops it."}
        await self._clock.advance(seconds)
        return 200, self._shown()

    def _shown(self) -> Mapping[str, Any]:
        return {"now": self._clock.now().isoformat(), "scale": self._clock.scale}


def _seconds(body: bytes) -> float | None:
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    if not isinstance(asked, dict) or asked.keys() != {"advance"}:
        return None
    seconds = asked["advance"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds) if 0 <= seconds < math.inf else None
