"""Capacity provider strategies: by which providers tasks and services are placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.place import Place
from tests.conformance.providing import Json, Providing
from tests.conformance.refusing import refusal
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
BLOG = "https://aws.amazon.com/blogs/containers/deep-dive-on-amazon-ecs-cluster-auto-scaling/"
UNFORCED = (
    "InvalidParameterException",
    "When switching from launch type to capacity provider strategy on an existing service, or "
    "making a change to a capacity provider strategy on a service that is already using one, you "
    "must force a new deployment.",
)


@pytest.fixture
def providing(aws: Aws, place: Place, name: str) -> Iterator[Providing]:
    aws.client("ecs").create_cluster(clusterName=name)
    of_the_test = Providing(aws, place, name)
    yield of_the_test
    of_the_test.clean()


def two(providing: Providing) -> None:
    """Providers `a` and `b`, an instance each."""
    for which in "ab":
        providing.group(which, minimum=1)
        providing.create(which)
    providing.attach("a", "b")
    providing.registered(2)


def counted(tasks: list[Json]) -> dict[str, int]:
    """By the last letter of the provider's name."""
    return dict(Counter(one["capacityProviderName"][-1] for one in tasks))


@fact(
    "Tasks that are run follow the weights of a strategy, after its base, onto instances of the "
    "providers.",
    f"{API}API_CapacityProviderStrategyItem.html",
)
def test_weights_and_bases(providing: Providing) -> None:
    two(providing)
    a, b = providing.item("a"), providing.item("b", weight=3)

    weighted = providing.run(count=4, capacityProviderStrategy=[a, b])["tasks"]
    based = providing.run(count=4, capacityProviderStrategy=[a | {"base": 2}, b | {"weight": 1}])

    assert counted(weighted) == {"a": 1, "b": 3}
    assert counted(based["tasks"]) == {"a": 3, "b": 1}
    provider_of = {
        one["containerInstanceArn"]: one["capacityProviderName"] for one in providing.instances()
    }
    for task in weighted:
        assert task["capacityProviderName"] == provider_of[task["containerInstanceArn"]]


@fact(
    "A service with a strategy shows it in place of a launch type, as do its deployments; its "
    "tasks name their provider. When it is steady, CAPACITY_PROVIDER_STEADY_STATE tells that too.",
    f"{API}API_Service.html {API}API_Deployment.html {GUIDE}ecs_service_events.html",
)
def test_a_service_by_strategy(providing: Providing, eventing: Eventing) -> None:
    two(providing)
    strategy = [providing.item("a", weight=0, base=1), providing.item("b")]
    source = {"source": ["aws.ecs"], "detail-type": ["ECS Service Action"]}
    mine = [{"suffix": f"service/{providing.name}/{providing.name}"}]
    eventing.listen({**source, "resources": mine})

    made = providing.serve(2, capacityProviderStrategy=strategy)

    assert made["capacityProviderStrategy"] == [{"base": 0, **one} for one in strategy]
    service = providing.steady()
    event = eventing.event(
        lambda one: one["detail"]["eventName"] == "CAPACITY_PROVIDER_STEADY_STATE"
    )
    assert len(event["detail"]["capacityProviderArns"]) == 2
    assert "launchType" not in service
    deployment = service["deployments"][0]
    assert deployment["capacityProviderStrategy"] == made["capacityProviderStrategy"]
    assert counted(providing.tasks()) == {"a": 1, "b": 1}


@fact(
    "Where neither launch type nor strategy is given, the cluster's default strategy is used, by "
    "services and tasks; a launch type sets it aside.",
    f"{API}API_CreateService.html {API}API_RunTask.html",
)
def test_the_clusters_default(providing: Providing) -> None:
    two(providing)
    providing.attach("a", "b", strategy=[providing.item("b")])

    service = providing.serve(1)
    task = providing.run()["tasks"][0]
    other = providing.run(launchType="EC2")["tasks"][0]

    assert [one["capacityProvider"] for one in service["capacityProviderStrategy"]] == [
        providing.groups["b"].name
    ]
    assert counted([task]) == {"b": 1}
    assert "capacityProviderName" not in other


@fact(
    "A strategy beside a launch type, of a provider that the cluster has not, or without any "
    "weight is refused.",
    "dask/dask-cloudprovider#328 terraform-aws-modules/terraform-aws-ecs#27 "
    f"{API}API_CapacityProviderStrategyItem.html",
)
def test_strategies_are_refused(providing: Providing) -> None:
    providing.group("a", minimum=1)
    providing.create("a")
    item = providing.item("a")
    run = providing.run
    providing.register()

    assert refusal(run, capacityProviderStrategy=[item]) == (
        "InvalidParameterException",
        "The specified capacity provider strategy cannot contain a capacity provider that is not "
        "associated with the cluster. Associate the capacity provider with the cluster or specify "
        "a valid capacity provider and try again.",
    )
    providing.attach("a", strategy=[item | {"weight": 0}])
    assert refusal(run, capacityProviderStrategy=[item], launchType="EC2") == (
        "InvalidParameterException",
        "Specifying both a launch type and capacity provider strategy is not supported. Remove "
        "one and try again.",
    )
    assert refusal(run) == (
        "InvalidParameterException",
        "There are no capacity providers with a weight value greater than zero defined in the "
        "default capacity provider strategy. At least one capacity provider must have a weight "
        "value greater than zero specified. Update the cluster's default capacity provider "
        "strategy or specify a valid capacity provider strategy and try again.",
    )


@fact(
    "A service changes its strategy only with a new deployment that is forced; an empty strategy "
    "takes it back to its launch type.",
    f"{REFERENCE}aws-resource-ecs-service.html {API}API_UpdateService.html",
)
def test_a_service_changes_its_strategy(providing: Providing) -> None:
    two(providing)
    providing.serve(1, launchType="EC2")
    providing.steady()
    strategy = [providing.item("b")]

    assert refusal(providing.update_service, capacityProviderStrategy=strategy) == UNFORCED
    providing.update_service(capacityProviderStrategy=strategy, forceNewDeployment=True)
    until(lambda: counted(_provided(providing)) == {"b": 1})
    service = providing.steady()
    assert "launchType" not in service

    providing.update_service(capacityProviderStrategy=[], forceNewDeployment=True)
    service = providing.steady()
    assert service["launchType"] == "EC2"
    assert service.get("capacityProviderStrategy", []) == []


@fact(
    "A service that was made with a strategy has no launch type to fall back to.",
    f"{REFERENCE}aws-resource-ecs-service.html",
)
def test_a_service_without_a_launch_type(providing: Providing) -> None:
    two(providing)
    providing.serve(0, capacityProviderStrategy=[providing.item("a")])

    code, message = refusal(
        providing.update_service, capacityProviderStrategy=[], forceNewDeployment=True
    )

    assert code == "InvalidParameterException"
    assert message == (
        "No launch type to fall back to for empty capacity provider strategy. Your service was "
        "not created with a launch type."
    )


@fact(
    "A provider that a service or a task uses is not taken from its cluster.",
    "pahud/cdk-fargate-patterns#71 " + API + "API_PutClusterCapacityProviders.html",
)
def test_a_provider_in_use_stays(providing: Providing) -> None:
    two(providing)
    providing.run(capacityProviderStrategy=[providing.item("a")])

    assert refusal(providing.put, providing.groups["b"].name) == (
        "ResourceInUseException",
        "The specified capacity provider is in use and cannot be removed.",
    )


@fact(
    "Where a provider does not scale, a task that finds no instance fails at once.",
    BLOG,
)
def test_without_scaling_nothing_waits(providing: Providing) -> None:
    providing.create("a")
    providing.attach("a")
    providing.register()

    code, message = refusal(providing.run, capacityProviderStrategy=[providing.item("a")])

    assert code == "InvalidParameterException"
    assert "No Container Instances were found in your capacity provider" in message
    providing.serve(1, capacityProviderStrategy=[providing.item("a")])
    until(lambda: "were found in your capacity provider." in providing.said())


@fact(
    "Where a provider scales, a task that finds no instance waits in PROVISIONING; from nothing, "
    "two instances are launched, and it runs on one of them.",
    f"{BLOG} {GUIDE}cluster-auto-scaling.html",
)
def test_a_task_waits_for_an_instance(providing: Providing) -> None:
    providing.create("a", managedScaling={"status": "ENABLED"})
    providing.attach("a")

    task = providing.run(capacityProviderStrategy=[providing.item("a")])["tasks"][0]

    assert task["lastStatus"] == "PROVISIONING"
    assert task["capacityProviderName"] == providing.groups["a"].name
    assert "containerInstanceArn" not in task
    which = {"cluster": providing.name, "tasks": [task["taskArn"]]}
    running = until(
        lambda: (
            (one := providing.ecs.describe_tasks(**which)["tasks"][0])["lastStatus"] == "RUNNING"
            and one
        )
    )
    assert running["containerInstanceArn"]
    assert providing.groups["a"].shown()["DesiredCapacity"] == 2


def _provided(providing: Providing) -> list[Json]:
    return [one for one in providing.tasks() if "capacityProviderName" in one]
