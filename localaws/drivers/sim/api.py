"""`/_local/sim`: GET tells the scripts by image, PUT replaces them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.drivers.sim.script import Unusable
from localaws.drivers.sim.table import Table
from localaws.wire.request import Request

Answer = tuple[int, Mapping[str, Any]]


class SimApi:
    def __init__(self, table: Table | None) -> None:
        """None: another driver runs the containers."""
        self._table = table

    async def answer(self, request: Request) -> Answer:
        if request.path != "/_local/sim" or request.method not in ("GET", "HEAD", "PUT"):
            return 404, {"message": f"There is no {request.method} {request.path}."}
        if self._table is None:
            return 409, {"message": "Containers are not simulated here; --driver sim does it."}
        if request.method == "PUT":
            try:
                self._table.tell(_scripts(request.body))
            except Unusable as error:
                return 400, {"message": str(error)}
        return 200, {"scripts": self._table.told()}


def _scripts(body: bytes) -> object:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Unusable(f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict) or document.keys() != {"scripts"}:
        raise Unusable('The body is {"scripts": [...]}.')
    return document["scripts"]
