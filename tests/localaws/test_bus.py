"""Services call each other in the process: checked as over HTTP, and sharing nothing."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any

import pytest

from localaws.bus import Aws
from localaws.clock import Clock
from localaws.moto import Moto
from localaws.wire import AwsError
from localaws.world import Operation

Json = dict[str, Any]


class Clusters:
    """An owned service of one operation."""

    def __init__(self) -> None:
        self.made: list[Json] = []

    def operations(self) -> Mapping[str, Operation]:
        return {"CreateCluster": self.create}

    def create(self, params: Json) -> Json:
        self.made.append(params)
        return {"cluster": params}


@pytest.fixture
def bus() -> Iterator[Aws]:
    bus = Aws(Moto(region="us-east-1", account="123456789012", port=1, clock=Clock()))
    yield bus
    bus.moto.close()


def run(call: Coroutine[Any, Any, Json]) -> Json:
    return asyncio.run(call)


def test_an_owned_service_answers_and_shares_nothing_with_its_caller(bus: Aws) -> None:
    clusters = Clusters()
    bus.own("ecs", clusters)
    given = {"clusterName": "a", "tags": [{"key": "k", "value": "v"}]}

    answer = run(bus.call("ecs", "CreateCluster", given))

    assert answer == {"cluster": given}
    answer["cluster"]["tags"].clear()
    given["tags"].clear()
    assert clusters.made[0]["tags"] == [{"key": "k", "value": "v"}]


def test_what_the_model_does_not_know_is_refused_before_the_service_sees_it(bus: Aws) -> None:
    clusters = Clusters()
    bus.own("ecs", clusters)

    with pytest.raises(AwsError, match="colour"):
        run(bus.call("ecs", "CreateCluster", {"colour": "red"}))

    assert clusters.made == []


@pytest.mark.parametrize(
    ("operation", "code"),
    [("ListClusters", "UnsupportedOperation"), ("PaintCluster", "UnknownOperationException")],
)
def test_an_operation_that_is_not_there_is_refused(bus: Aws, operation: str, code: str) -> None:
    bus.own("ecs", Clusters())

    with pytest.raises(AwsError) as refused:
        run(bus.call("ecs", operation, {}))

    assert refused.value.code == code


def test_other_services_are_motos_with_boto3s_shapes_and_errors(bus: Aws) -> None:
    made = run(bus.call("iam", "CreateRole", {"RoleName": "a", "AssumeRolePolicyDocument": "{}"}))
    with pytest.raises(AwsError) as refused:
        run(bus.call("iam", "GetRole", {"RoleName": "b"}))

    assert made["Role"]["Arn"] == "arn:aws:iam::123456789012:role/a"
    assert refused.value.code == "NoSuchEntity"
    assert refused.value.status == 404
