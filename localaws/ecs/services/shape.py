"""A service as the API shows it."""

from __future__ import annotations

from typing import Any

from localaws.ecs.desk import Desk
from localaws.ecs.model import STARTING, Deployment, Life, Service, Task

ROOT_OF_ROLE = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def describe(desk: Desk, service: Service, *, with_tags: bool = False) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "loadBalancers": service.load_balancers,
        "serviceRegistries": [],
        "status": service.status,
        "desiredCount": service.desired_count,
        "runningCount": _running(service.tasks),
        "pendingCount": _pending(service.tasks),
        "taskDefinition": service.task_definition,
        "deploymentConfiguration": service.configuration,
        "deployments": [_deployment(service, one) for one in service.deployments],
        "roleArn": _role(desk, service),
        "events": list(service.events),
        "createdAt": service.created_at,
        "placementConstraints": [],
        "placementStrategy": [],
        "healthCheckGracePeriodSeconds": service.grace_seconds,
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        "availabilityZoneRebalancing": "DISABLED",
        "resourceManagementType": "CUSTOMER",
        "currentServiceRevisions": [_revision(service, one) for one in service.deployments],
    }
    if service.history:
        shape["currentServiceDeployment"] = service.history[0].arn
    if with_tags:
        shape["tags"] = desk.tags(service.arn)
    return shape | _runs_on(service.strategy) | service.settings


def _role(desk: Desk, service: Service) -> str:
    """Its own, by name or ARN, or ECS's service-linked one."""
    name = service.role or ROOT_OF_ROLE
    if name.startswith("arn:"):
        return name
    path = name if name == ROOT_OF_ROLE else f"role/{name}"
    return f"arn:aws:iam::{desk.world.account}:{path}"


def _deployment(service: Service, deployment: Deployment) -> dict[str, Any]:
    tasks = of_deployment(service, deployment)
    return {
        "id": deployment.id,
        "status": "PRIMARY" if deployment.primary else "ACTIVE",
        "taskDefinition": deployment.task_definition,
        "desiredCount": desired(service, deployment),
        "pendingCount": _pending(tasks),
        "runningCount": _running(tasks),
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "rolloutState": deployment.rollout.value,
        "rolloutStateReason": deployment.reason,
    } | _runs_on(deployment.revision.capacity_providers)


def _runs_on(strategy: list[dict[str, Any]]) -> dict[str, Any]:
    return {"capacityProviderStrategy": strategy} if strategy else {"launchType": "EC2"}


def desired(service: Service, deployment: Deployment) -> int:
    """Of an ACTIVE deployment, what is left of it."""
    if deployment.primary:
        return service.desired_count
    return sum(task.wanted for task in of_deployment(service, deployment))


def of_deployment(service: Service, deployment: Deployment) -> list[Task]:
    return [task for task in service.tasks if task.deployment is deployment]


def _revision(service: Service, deployment: Deployment) -> dict[str, Any]:
    tasks = of_deployment(service, deployment)
    return {
        "arn": deployment.revision.arn,
        "requestedTaskCount": desired(service, deployment),
        "runningTaskCount": _running(tasks),
        "pendingTaskCount": _pending(tasks),
    }


def _running(tasks: list[Task]) -> int:
    return sum(task.status is Life.RUNNING for task in tasks)


def _pending(tasks: list[Task]) -> int:
    return sum(task.status in STARTING and task.wanted for task in tasks)
