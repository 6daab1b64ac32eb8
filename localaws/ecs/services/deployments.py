"""Service deployments: the record of each rollout of a service."""

from __future__ import annotations

from typing import Any

from localaws.ecs.desk import Desk, Params, Result, invalid, page
from localaws.ecs.model import STARTING, Life, Service, ServiceDeployment
from localaws.ecs.services.shape import desired, of_deployment

MOST_DESCRIBED = 20
BRIEF = (
    "serviceDeploymentArn",
    "serviceArn",
    "clusterArn",
    "startedAt",
    "createdAt",
    "finishedAt",
    "status",
    "statusReason",
)


def list_(desk: Desk, params: Params) -> Result:
    service = desk.service(desk.cluster(params), params["service"])
    statuses, created = params.get("status"), params.get("createdAt", {})
    records = [
        one
        for one in service.history
        if (not statuses or one.status in statuses)
        and ("after" not in created or one.created_at >= created["after"])
        and ("before" not in created or one.created_at <= created["before"])
    ]
    briefs = {one.arn: _brief(service, one) for one in records}
    shown = page(list(briefs), params, "serviceDeployments", MOST_DESCRIBED)
    return shown | {"serviceDeployments": [briefs[arn] for arn in shown["serviceDeployments"]]}


def describe(desk: Desk, params: Params) -> Result:
    wanted = params["serviceDeploymentArns"]
    if len(wanted) > MOST_DESCRIBED:
        raise invalid(f"Service deployments cannot have more than {MOST_DESCRIBED} elements.")
    known = {
        record.arn: (service, record)
        for service in desk.state.services.values()
        for record in service.history
    }
    return {
        "serviceDeployments": [_describe(*known[arn]) for arn in wanted if arn in known],
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known],
    }


def _brief(service: Service, record: ServiceDeployment) -> dict[str, Any]:
    whole = _describe(service, record)
    brief = {key: whole[key] for key in BRIEF if key in whole}
    return brief | {"targetServiceRevisionArn": record.revision_arn}


def _describe(service: Service, record: ServiceDeployment) -> dict[str, Any]:
    shape = {
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service_arn,
        "clusterArn": record.cluster_arn,
        "createdAt": record.created_at,
        "startedAt": record.started_at,
        "finishedAt": record.finished_at,
        "stoppedAt": record.stopped_at,
        "updatedAt": record.updated_at,
        "sourceServiceRevisions": [_revision(service, arn) for arn in record.sources],
        "targetServiceRevision": _revision(service, record.revision_arn),
        "status": record.status,
        "statusReason": record.reason,
        "deploymentConfiguration": record.configuration,
        "rollback": record.rollback,
        "deploymentCircuitBreaker": {
            "status": record.breaker,
            "failureCount": record.failures,
            "threshold": record.threshold,
        },
        "alarms": {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []},
    }
    return {key: value for key, value in shape.items() if value is not None}


def _revision(service: Service, arn: str) -> dict[str, Any]:
    tasks, requested = [], 0
    for deployment in service.deployments:
        if deployment.record.revision_arn == arn:
            tasks = of_deployment(service, deployment)
            requested = desired(service, deployment)
    return {
        "arn": arn,
        "requestedTaskCount": requested,
        "runningTaskCount": sum(task.status is Life.RUNNING for task in tasks),
        "pendingTaskCount": sum(task.status in STARTING for task in tasks),
    }


OPERATIONS = {"ListServiceDeployments": list_, "DescribeServiceDeployments": describe}
