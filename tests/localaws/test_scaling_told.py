"""Metrics told by hand, and what scales by them as minutes go by."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from localaws.scaling import evaluation
from localaws.scaling.model import MetricName, State
from localaws.scaling.service import Scaling
from localaws.scaling.told import MetricsApi
from localaws.wire.request import Request as Asked
from localaws.world import World
from tests.localaws.conftest import LocalAws

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/c/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
CPU = {
    "namespace": "AWS/ECS",
    "name": "CPUUtilization",
    "dimensions": {"ClusterName": "c", "ServiceName": "web"},
}


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


class Service:
    """Of ECS and CloudWatch, what scaling asks: one service that follows at once."""

    def __init__(self) -> None:
        self.desired = 2
        self.deploying = False
        self.alarms: dict[str, dict[str, Any]] = {}

    async def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        match operation:
            case "DescribeServices":
                state = "IN_PROGRESS" if self.deploying else "COMPLETED"
                counts = {"desiredCount": self.desired, "runningCount": self.desired}
                one = {"status": "ACTIVE", "deployments": [{"rolloutState": state}], **counts}
                return {"services": [one]}
            case "UpdateService":
                self.desired = params["desiredCount"]
            case "PutMetricAlarm":
                self.alarms[params["AlarmName"]] = params | {"StateValue": "INSUFFICIENT_DATA"}
            case "SetAlarmState":
                self.alarms[params["AlarmName"]]["StateValue"] = params["StateValue"]
            case "DescribeAlarms":
                return {"MetricAlarms": list(self.alarms.values())}
            case "GetMetricStatistics":
                return {"Datapoints": []}
        return {}


class Place:
    def __init__(self, home: Path) -> None:
        self.clock, self.service, self.state = Hand(), Service(), State()
        self.world = World(home=home, port=0, router_port=0, clock=cast(Any, self.clock))
        self.world.aws = cast(Any, self.service)
        self.scaling = Scaling(self.world, self.state)

    async def track(self, **configuration: object) -> None:
        operations = self.scaling.operations()
        metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
        configuration |= {"TargetValue": 50.0, "PredefinedMetricSpecification": metric}
        target: dict[str, Any] = TARGET | {"MinCapacity": 1, "MaxCapacity": 10}
        await cast(Any, operations["RegisterScalableTarget"](target))
        policy = TARGET | {
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": configuration,
        }
        await cast(Any, operations["PutScalingPolicy"](policy))

    async def tell(self, value: float | None) -> tuple[int, Any]:
        api = MetricsApi(self.state, cast(Any, self.clock), self.scaling.look)
        body = json.dumps({"metrics": [{**CPU, "value": value}]}).encode()
        return await api.answer(Asked("PUT", "/_local/metrics", "", (), body))

    async def minutes(self, count: int) -> list[int]:
        """The desired count after each."""
        counts = []
        for _ in range(count):
            self.clock.at += timedelta(minutes=1)
            await evaluation.evaluate(self.world, self.state)
            counts.append(self.service.desired)
        return counts


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_takes_three_minutes_to_scale_out_and_then_a_cooldown(place: Place) -> None:
    async def story() -> list[int]:
        await place.track(ScaleOutCooldown=120)
        await place.tell(100)
        return await place.minutes(5)

    assert asyncio.run(story()) == [2, 2, 4, 4, 8]


def test_it_takes_fifteen_minutes_to_scale_in(place: Place) -> None:
    async def story() -> list[int]:
        await place.track()
        await place.tell(10)
        return await place.minutes(15)

    assert asyncio.run(story()) == [2] * 14 + [1]


def test_nothing_scales_in_while_a_deployment_is_in_progress(place: Place) -> None:
    async def story() -> list[int]:
        await place.track()
        await place.tell(10)
        place.service.deploying = True
        held = await place.minutes(16)
        place.service.deploying = False
        return [held[-1], *await place.minutes(1)]

    assert asyncio.run(story()) == [2, 1]
    held = [one.not_scaled for one in place.state.activities if one.not_scaled]
    assert held == [[{"Code": "TargetServicePutResourceAsUnscalable", "CurrentCapacity": 2}]]


def test_a_count_below_the_minimum_is_brought_up_by_a_scale_out_alone(place: Place) -> None:
    async def story() -> list[int]:
        await place.track()
        place.service.desired = 0
        await place.tell(10)
        below = await place.minutes(15)
        await place.tell(90)
        return [below[-1], *await place.minutes(3)]

    assert asyncio.run(story()) == [0, 0, 0, 1]


def test_a_value_of_null_is_no_data(place: Place) -> None:
    async def story() -> list[int]:
        await place.track()
        await place.tell(100)
        await place.minutes(1)
        await place.tell(None)
        return await place.minutes(3)

    assert asyncio.run(story()) == [2, 2, 2]


def test_what_is_told_over_http_is_listed_until_it_is_forgotten(aws: LocalAws) -> None:
    told = http(aws, "PUT", {"metrics": [{**CPU, "value": 80}]})
    listed = http(aws, "GET")
    refused = http(aws, "PUT", {"metrics": [{"name": "x"}]})
    forgotten = http(aws, "DELETE")

    [one] = told["metrics"]
    assert {name: one[name] for name in CPU} == CPU
    assert (one["value"], listed) == (80, told)
    assert refused["message"].startswith('The body is {"metrics"')
    assert forgotten == {"metrics": []}


def http(aws: LocalAws, method: str, body: object = None) -> Any:  # noqa: ANN401 (JSON)
    sent = json.dumps(body).encode() if body else None
    request = Request(f"http://127.0.0.1:{aws.port}/_local/metrics", data=sent, method=method)
    opener = build_opener(ProxyHandler({}))
    opener.process_response.get("http", []).clear()  # a refusal is an answer, too
    with opener.open(request, timeout=5) as answer:
        return json.load(answer)


def test_a_metric_is_its_dimensions_whatever_their_order() -> None:
    pairs = [("a", "1"), ("b", "2")]

    assert MetricName("n", "m", frozenset(pairs)) == MetricName("n", "m", frozenset(pairs[::-1]))
