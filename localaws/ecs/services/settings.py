"""What a service may be asked for: checked, completed with AWS's defaults, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.ecs.desk import Desk, Params, invalid, refuse_unmodelled
from localaws.ecs.instances.placement import understood
from localaws.ecs.model import TaskDefinition
from localaws.ecs.services import rebalancing
from localaws.ecs.services.percentages import DEFAULTS
from localaws.wire import AwsError

KEPT = (  # only answered, or read where tasks are placed and tagged
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)
SHARED = (
    *KEPT,
    "cluster",
    "taskDefinition",
    "desiredCount",
    "loadBalancers",
    "deploymentConfiguration",
    "healthCheckGracePeriodSeconds",
    "capacityProviderStrategy",
)
CREATE = (
    *SHARED,
    "serviceName",
    "clientToken",
    "tags",
    "launchType",
    "schedulingStrategy",
    "deploymentController",
    "role",
)
UPDATE = (*SHARED, "service", "forceNewDeployment")
CONFIGURATION = (
    "alarms",
    "deploymentCircuitBreaker",
    "maximumPercent",
    "minimumHealthyPercent",
    "strategy",
)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
MOST = {
    "loadBalancers": ("load balancers", 5),
    "placementConstraints": ("placement constraints", 10),
    "placementStrategy": ("placement strategy", 5),
}
ONLY = {  # the one value modelled
    "launchType": "EC2",
    "schedulingStrategy": "REPLICA",
    "strategy": "ROLLING",
    "type": "ECS",
    "enableExecuteCommand": False,
}


def check_creation(params: Params) -> None:
    refuse_unmodelled("CreateService", params, CREATE)
    _check_only({**params, **params.get("deploymentController", {})})
    _check_common(params)
    if "taskDefinition" not in params:
        raise invalid("TaskDefinition can not be blank.")
    if params.get("role") and not params.get("loadBalancers"):
        raise invalid("IAM roles are only valid for services configured to use load balancers.")


def check_update(params: Params) -> None:
    refuse_unmodelled("UpdateService", params, UPDATE)
    _check_only(params)
    _check_common(params)


def _check_common(params: Params) -> None:
    if params.get("desiredCount", 0) < 0:
        raise invalid("desiredCount cannot be negative")
    for name, (called, most) in MOST.items():
        if len(params.get(name, ())) > most:
            raise invalid(f"{called} can have at most {most} items.")
    for constraint in params.get("placementConstraints", ()):
        expression = constraint.get("expression", "")
        if constraint["type"] == "memberOf" and not understood(expression):
            raise invalid(f"The local AWS does not model: {expression}")


def _check_only(params: Mapping[str, Any]) -> None:
    for name, value in ONLY.items():
        if params.get(name, value) != value:
            refuse_unmodelled("CreateService", {f"{name} {params[name]}": None}, ())


def configuration(asked: Params, former: Params | None = None) -> Params:
    """A deploymentConfiguration whole; what is not asked for stays as it was."""
    refuse_unmodelled("deploymentConfiguration", asked, CONFIGURATION)
    _check_only(asked)
    breaker = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    whole = {**DEFAULTS, **breaker, "strategy": "ROLLING", **(former or {}), **asked}
    if whole["maximumPercent"] == 100 == whole["minimumHealthyPercent"]:
        raise invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
            "deployments."
        )
    if whole["maximumPercent"] < whole["minimumHealthyPercent"]:
        raise invalid("maximumPercent must not be less than minimumHealthyPercent.")
    return whole


def kept(params: Params, configuration: Params) -> Params:
    """Of CreateService; zones are kept even unless that is refused or cannot be."""
    settings = {key: params[key] for key in KEPT if key in params}
    even = "DISABLED" if rebalancing.hindrance(settings, configuration) else "ENABLED"
    whole = {"availabilityZoneRebalancing": even, **settings}
    check_rebalancing(whole, configuration)
    return whole


def check_rebalancing(settings: Params, configuration: Params) -> None:
    hindrance = rebalancing.hindrance(settings, configuration)
    if settings["availabilityZoneRebalancing"] == "ENABLED" and hindrance:
        raise invalid(f"Availability Zone Rebalancing does not support {hindrance}")


def check_load_balancers(desk: Desk, balancers: list[Params], definition: TaskDefinition) -> None:
    containers = {one["name"]: one for one in definition.containers}
    for balancer in balancers:
        if "targetGroupArn" not in balancer:
            refuse_unmodelled("loadBalancers", {"loadBalancerName": None}, ())
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        if name not in containers:
            raise invalid(f"The container {name} does not exist in the task definition.")
        mappings = containers[name].get("portMappings", ())
        if port not in [mapping["containerPort"] for mapping in mappings]:
            raise invalid(f"The container {name} did not have a container port {port} defined.")
        _check_target_group(desk, balancer["targetGroupArn"])


def _check_target_group(desk: Desk, arn: str) -> None:
    try:
        has_balancer = desk.world.elbv2.has_load_balancer(arn)
    except AwsError:
        has_balancer = False
    if not has_balancer:
        raise invalid(
            f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        )
