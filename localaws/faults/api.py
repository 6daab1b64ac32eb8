"""`/_local/faults`: GET lists those that act, PUT replaces them, POST adds one, DELETE ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.faults.fault import KINDS, Fault, Kind
from localaws.faults.faults import Faults
from localaws.wire.request import Request

Answer = tuple[int, Mapping[str, Any]]
_ASKED = {"kind", "match", "params", "for_seconds"}


class Unusable(Exception):
    """The text says what is wrong, and what is allowed."""


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
                    return 200, {"kinds": [_kind(kind) for kind in Kind]}
                case "PUT", "":
                    return 200, self._replace(_read(request))
                case "POST", "":
                    return 201, _shown(self._begin(_usable(_read(request))))
                case "DELETE", "":
                    self._faults.end_all()
                    return 200, self._listed()
                case "DELETE", _ if self._faults.end(fault_id):
                    return 200, self._listed()
        except Unusable as error:
            return 400, {"message": str(error)}
        return 404, {"message": f"There is no {request.method} {request.path}."}

    def _listed(self) -> Mapping[str, Any]:
        return {"faults": [_shown(fault) for fault in self._faults.acting()]}

    def _replace(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """All or none."""
        wanted = asked.get("faults")
        if not isinstance(wanted, list) or len(asked) != 1:
            raise Unusable('The body is {"faults": [...]}.')
        usable = [_usable(one) for one in wanted]
        self._faults.end_all()
        for one in usable:
            self._begin(one)
        return self._listed()

    def _begin(self, one: Mapping[str, Any]) -> Fault:
        return self._faults.begin(
            Kind(one["kind"]), one.get("match", {}), one.get("params", {}), one.get("for_seconds")
        )


def _read(request: Request) -> Mapping[str, Any]:
    try:
        document = json.loads(request.body)
    except ValueError as error:
        raise Unusable(f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise Unusable("The body is a JSON object.")
    return document


def _usable(one: object) -> Mapping[str, Any]:
    if not isinstance(one, dict):
        raise Unusable("A fault is a JSON object.")
    _only("fault", one, _ASKED)
    if one.get("kind") not in list(Kind):
        raise Unusable(f"kind is one of {', '.join(Kind)}.")
    declared = KINDS[Kind(one["kind"])]
    match, params = one.get("match", {}), one.get("params", {})
    if not isinstance(match, dict) or not all(isinstance(it, str) for it in match.values()):
        raise Unusable("match is an object of shell patterns, by fact.")
    if not isinstance(params, dict):
        raise Unusable("params is an object.")
    _only("match", match, declared.facts)
    _only("params", params, declared.params)
    for name, value in params.items():
        _check_type(name, value, type(declared.params[name]))
    if "for_seconds" in one:
        _check_type("for_seconds", one["for_seconds"], float)
    return one


def _only(where: str, given: Mapping[str, Any], known: Any) -> None:  # noqa: ANN401 (names)
    for name in given.keys() - set(known):
        raise Unusable(f"{where} has no {name}; it may have {', '.join(sorted(known))}.")


def _check_type(name: str, value: object, wanted: type) -> None:
    numeric = wanted is float and isinstance(value, int | float) and not isinstance(value, bool)
    if not numeric and not isinstance(value, wanted):
        raise Unusable(f"{name} is a {wanted.__name__}.")
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise Unusable(f"{name} is not negative.")


def _shown(fault: Fault) -> Mapping[str, Any]:
    return {
        "id": fault.id,
        "kind": fault.kind,
        "match": fault.match,
        "params": fault.params,
        "since": fault.since.isoformat(),
        "until": fault.until.isoformat() if fault.until else None,
    }


def _kind(kind: Kind) -> Mapping[str, Any]:
    declared = KINDS[kind]
    return {
        "kind": kind,
        "meaning": declared.meaning,
        "facts": declared.facts,
        "params": declared.params,
    }
