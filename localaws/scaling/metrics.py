"""The metrics that policies look at: which, and their datapoints.

A value is told by hand (`PUT /_local/metrics`) and stands until it is told anew, or it is put to
CloudWatch as anyone puts metric data; what was put goes before what was told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws.scaling.model import MetricName, Policy, State

if TYPE_CHECKING:
    from localaws.world import World

Json = dict[str, Any]
_NAMED = ("MetricName", "Namespace", "Dimensions", "Statistic", "Unit")
_OF_ECS = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}


def of(policy: Policy) -> Json:
    """A target tracking policy's metric, named in CloudWatch's shape."""
    configuration = policy.configuration
    if custom := configuration.get("CustomizedMetricSpecification"):
        return {name: custom[name] for name in _NAMED if name in custom}
    predefined = configuration["PredefinedMetricSpecification"]
    if name := _OF_ECS.get(predefined["PredefinedMetricType"]):
        service = {"ClusterName": policy.key.cluster, "ServiceName": policy.key.service}
        return _metric("AWS/ECS", name, "Average", service) | {"Unit": "Percent"}
    balancer, _, group = predefined["ResourceLabel"].partition("/targetgroup/")
    both = {"TargetGroup": f"targetgroup/{group}", "LoadBalancer": balancer}
    return _metric("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", both)


def named(alarm: Json) -> Json:
    return {name: alarm[name] for name in _NAMED if name in alarm and name != "Unit"}


def tell(state: State, metric: MetricName, value: float | None, now: datetime) -> None:
    """From now on it has this value in every period; None: it has none any more."""
    state.told.setdefault(metric, []).append((now, value))


async def datapoints(
    world: World, state: State, metric: Json, periods: int, seconds: int
) -> list[float | None]:
    """Of the last whole periods, oldest first; None where there is no data."""
    end = datetime.fromtimestamp(
        world.clock.now().timestamp() // seconds * seconds, tz=world.clock.now().tzinfo
    )
    begin = end - timedelta(seconds=periods * seconds)
    statistic = metric.get("Statistic", "Average")
    asked = {name: value for name, value in metric.items() if name != "Statistic"}
    window = {"StartTime": begin, "EndTime": end, "Period": seconds, "Statistics": [statistic]}
    answer = await world.aws.call("cloudwatch", "GetMetricStatistics", asked | window)
    put = {
        int((one["Timestamp"] - begin).total_seconds() // seconds): one[statistic]
        for one in answer["Datapoints"]
    }
    told = state.told.get(_name(metric), [])
    ends = [begin + timedelta(seconds=seconds * (n + 1)) for n in range(periods)]
    return [put.get(n, standing(told, at)) for n, at in enumerate(ends)]


def standing(told: list[tuple[datetime, float | None]], at: datetime) -> float | None:
    """What had been told last before a moment."""
    before = [value for since, value in told if since < at]
    return before[-1] if before else None


def _metric(namespace: str, name: str, statistic: str, dimensions: dict[str, str]) -> Json:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Statistic": statistic,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }


def _name(metric: Json) -> MetricName:
    pairs = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    return MetricName(metric["Namespace"], metric["MetricName"], pairs)
