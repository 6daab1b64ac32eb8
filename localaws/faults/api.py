"""`/_local/faults`: GET lists those that act, PUT replaces them, POST adds one, DELETE ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.faults import asked, scenario
from localaws.faults.asked import Asked, Unusable
from localaws.faults.fault import Fault, Kind
from localaws.faults.faults import Faults
from localaws.faults.kinds import KINDS
from localaws.wire.request import Request

Answer = tuple[int, Mapping[str, Any]]
_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")


class FaultsApi:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def answer(self, request: Request) -> Answer:
        fault_id = "/".join(request.path.split("/")[3:])
        try:
            match request.method, fault_id:
                case "GET" | "HEAD", "":
                    return 200, self._listed()
                case "GET" | "HEAD", "kinds":
                    return 200, {"kinds": [_kind(kind) for kind in KINDS]}
                case "PUT", "":
                    self._faults.replace(_all_of(request))
                    return 200, self._listed()
                case "POST", "":
                    return 201, _shown(self._add(asked.read(_json(request))))
                case "DELETE", "":
                    self._faults.end_all()
                    return 200, self._listed()
                case "DELETE", _ if self._faults.end(fault_id):
                    return 200, self._listed()
        except Unusable as error:
            return 400, {"message": str(error)}
        return 404, {"message": f"There is no {request.method} {request.path}."}

    def _add(self, one: Asked) -> Fault:
        if any(one.id == other.id for other in self._faults.begun()):
            raise Unusable(f"There is a fault {one.id} already; end it first, or take another id.")
        return self._faults.begin(one)

    def _listed(self) -> Mapping[str, Any]:
        return {
            "faults": [_shown(fault) for fault in self._faults.acting()],
            "to_come": [_shown(fault) for fault in self._faults.to_come()],
        }


def _all_of(request: Request) -> list[Asked]:
    if request.header("content-type").split(";")[0].strip().lower() in _YAML:
        return scenario.read(request.body)
    return asked.read_all(_json(request))


def _json(request: Request) -> object:
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise Unusable(f"The body is not JSON: {error}.") from error


def _shown(fault: Fault) -> Mapping[str, Any]:
    return {
        "id": fault.id,
        "kind": fault.kind,
        "match": fault.match,
        "params": fault.params,
        "since": fault.since.isoformat(),
        "until": fault.until.isoformat() if fault.until else None,
        "probability": fault.probability,
        "times": fault.times,
        "hits": fault.hits,
        **(
            {"struck": [one for one, since in fault.struck.items() if since]} if fault.lasts else {}
        ),
    }


def _kind(kind: Kind) -> Mapping[str, Any]:
    declared = KINDS[kind]
    return {
        "kind": kind,
        "meaning": declared.meaning,
        "facts": declared.facts,
        "params": declared.params,
    }
