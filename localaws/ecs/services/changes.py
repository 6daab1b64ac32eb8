"""Services: created, updated, deleted. The scheduler does the rest."""

from __future__ import annotations

import re

from localaws.ecs.capacity import choice
from localaws.ecs.desk import Desk, Params, Result, invalid
from localaws.ecs.model import Cluster, Service, TaskDefinition
from localaws.ecs.services import settings as service_settings
from localaws.ecs.services import shape as service_shape
from localaws.ecs.tags import checked
from localaws.wire import AwsError

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
MOST_DEPLOYMENTS = 5


def create(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    service_settings.check_creation(params)
    checked(params.get("tags", ()), {})
    if not NAME.fullmatch(params["serviceName"]):
        raise invalid("Invalid service name.")
    if present := _present(desk, cluster, params):
        return {"service": service_shape.describe(desk, present, with_tags=True)}
    service = _make(desk, cluster, params)
    desk.state.services[cluster.name, service.name] = service
    desk.tag(service.arn, params.get("tags", ()))
    if token := params.get("clientToken"):
        desk.remember("CreateService", token, _fingerprint(params), [service.arn])
    desk.rollouts.begin(service)
    desk.wake(service)
    return {"service": service_shape.describe(desk, service, with_tags=True)}


def _present(desk: Desk, cluster: Cluster, params: Params) -> Service | None:
    """The service that the same call made before; any other of that name is in the way."""
    service = desk.state.services.get((cluster.name, params["serviceName"]))
    if service is None or service.status == "INACTIVE":
        return None
    if service.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    token = ("CreateService", params.get("clientToken", ""))
    asked, made = desk.state.tokens.get(token, ({}, []))
    if service.arn not in made or asked != _fingerprint(params):
        raise invalid("Creation of service was not idempotent.")
    return service


def _fingerprint(params: Params) -> Params:
    return {key: value for key, value in params.items() if key != "clientToken"}


def _make(desk: Desk, cluster: Cluster, params: Params) -> Service:
    definition = _usable(desk, params["taskDefinition"])
    balancers = params.get("loadBalancers", [])
    service_settings.check_load_balancers(desk, balancers, definition)
    name = params["serviceName"]
    configuration = service_settings.configuration(params.get("deploymentConfiguration", {}))
    strategy = choice.chosen(cluster, params)
    return Service(
        name=name,
        arn=desk.world.arn("ecs", f"service/{cluster.name}/{name}"),
        cluster=cluster.name,
        cluster_arn=cluster.arn,
        desired_count=params.get("desiredCount", 1),
        task_definition=definition.arn,
        load_balancers=balancers,
        configuration=configuration,
        settings=service_settings.kept(params, configuration),
        created_at=desk.world.clock.now(),
        strategy=strategy,
        launch_type=None if strategy else "EC2",
        grace_seconds=params.get("healthCheckGracePeriodSeconds", 0),
        role=params.get("role"),
    )


def _usable(desk: Desk, name: str) -> TaskDefinition:
    definition = desk.definition(name, "TaskDefinition not found.")
    if not definition.active:
        raise AwsError("ClientException", "TaskDefinition is inactive")
    return definition


def update(desk: Desk, params: Params) -> Result:
    """Only what the tasks are made of begins a deployment; a count alone never does."""
    cluster = desk.cluster(params)
    service = desk.service(cluster, params["service"])
    service_settings.check_update(params)
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    definition, balancers, deploys = _deployed(desk, service, params)
    configuration = service_settings.configuration(
        params.get("deploymentConfiguration", {}), service.configuration
    )
    strategy = choice.changed(cluster, service, params)
    settings = service.settings | {
        key: params[key] for key in service_settings.KEPT if key in params
    }
    service_settings.check_rebalancing(settings, configuration)
    if deploys:
        _check_room(desk, service)
    service.task_definition, service.load_balancers = definition, balancers
    service.configuration, service.strategy = configuration, strategy
    service.settings, service.even = settings, False
    _scale(service, params.get("desiredCount", service.desired_count), deploys=deploys)
    service.grace_seconds = params.get("healthCheckGracePeriodSeconds", service.grace_seconds)
    service.next_placement = None
    if deploys:
        _deploy(desk, service)
    desk.wake(service)
    return {"service": service_shape.describe(desk, service, with_tags=True)}


def _deployed(desk: Desk, service: Service, params: Params) -> tuple[str, list[Params], bool]:
    """Task definition and load balancers to be, and whether they take a new deployment."""
    definition, balancers = service.task_definition, service.load_balancers
    if "taskDefinition" in params:
        definition = _usable(desk, params["taskDefinition"]).arn
    if "loadBalancers" in params:
        balancers = params["loadBalancers"]
    changed = (definition, balancers) != (service.task_definition, service.load_balancers)
    if changed and balancers:
        service_settings.check_load_balancers(
            desk, balancers, desk.definition(definition, "TaskDefinition not found.")
        )
    return definition, balancers, changed or params.get("forceNewDeployment", False)


def _scale(service: Service, count: int, *, deploys: bool) -> None:
    """In a rollout the revision that still serves is scaled out too."""
    standing, more = service.standing, count - service.desired_count
    if standing and not deploys and more > 0:
        standing.share += more
    service.desired_count = count


def _check_room(desk: Desk, service: Service) -> None:
    desk.rollouts.forget_emptied(service)
    if len(service.deployments) >= MOST_DEPLOYMENTS:
        raise invalid(
            f"{MOST_DEPLOYMENTS} active deployments exist, unable to create new deployment."
        )


def _deploy(desk: Desk, service: Service) -> None:
    desk.notices.forget(service)
    desk.rollouts.begin(service)


def delete(desk: Desk, params: Params) -> Result:
    """Its tasks stop; it is DRAINING until they have, then INACTIVE, and shown for an hour."""
    service = desk.service(desk.cluster(params), params["service"])
    if service.status != "ACTIVE":
        return {"service": service_shape.describe(desk, service)}
    if service.desired_count > 0 and not params.get("force"):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    service.status, service.desired_count = "DRAINING", 0
    desk.wake(service)
    return {"service": service_shape.describe(desk, service)}


OPERATIONS = {"CreateService": create, "UpdateService": update, "DeleteService": delete}
