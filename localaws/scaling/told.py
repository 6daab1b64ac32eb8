"""`/_local/metrics`: PUT tells what metrics are from now on, GET what was told, DELETE forgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localaws.clock import Clock
from localaws.scaling import metrics
from localaws.scaling.model import MetricName, State
from localaws.wire.request import Request

Answer = tuple[int, Mapping[str, Any]]
_ASKED = {"namespace", "name", "dimensions", "value"}
_BODY = (
    'The body is {"metrics": [{"namespace": "AWS/ECS", "name": "CPUUtilization", "dimensions": '
    '{"ClusterName": "c", "ServiceName": "s"}, "value": 80}]}; a value of null is none.'
)


class MetricsApi:
    def __init__(self, state: State, clock: Clock, told: Callable[[], None]) -> None:
        self._state = state
        self._clock = clock
        self._told = told  # called after every change

    async def answer(self, request: Request) -> Answer:
        match request.method:
            case "GET" | "HEAD":
                return 200, self._listed()
            case "PUT":
                return self._tell(request)
            case "DELETE":
                self._state.told.clear()
                self._told()
                return 200, self._listed()
        return 404, {"message": f"There is no {request.method} {request.path}."}

    def _tell(self, request: Request) -> Answer:
        read = _read(request.body)
        if read is None:
            return 400, {"message": _BODY}
        for name, value in read:
            metrics.tell(self._state, name, value, self._clock.now())
        self._told()
        return 200, self._listed()

    def _listed(self) -> Mapping[str, Any]:
        return {
            "metrics": [
                {
                    "namespace": one.namespace,
                    "name": one.name,
                    "dimensions": dict(sorted(one.dimensions)),
                    "value": told[-1][1],
                    "since": told[-1][0].isoformat(),
                }
                for one, told in self._state.told.items()
            ]
        }


def _read(body: bytes) -> list[tuple[MetricName, float | None]] | None:
    try:
        return [_one(metric) for metric in json.loads(body)["metrics"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _one(metric: dict[str, Any]) -> tuple[MetricName, float | None]:
    if metric.keys() - _ASKED:
        raise ValueError(metric)
    dimensions = metric.get("dimensions", {})
    if not all(isinstance(one, str) for one in dimensions.values()):
        raise ValueError(metric)
    value = metric["value"]
    name = MetricName(metric["namespace"], metric["name"], frozenset(dimensions.items()))
    return name, None if value is None else float(value)
