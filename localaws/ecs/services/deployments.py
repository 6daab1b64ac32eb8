"""Service deployments: the record of each rollout of a service, listed, described, stopped."""

from __future__ import annotations

from typing import Any

from localaws.ecs.desk import Desk, Params, Result, invalid, page
from localaws.ecs.model import STARTING, Life, Service, ServiceDeployment, ServiceRevision
from localaws.ecs.services import alarms, records
from localaws.ecs.services.percentages import breaker_threshold
from localaws.ecs.services.shape import desired, of_deployment
from localaws.wire import AwsError

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
    records.forget(service, desk.world.clock.now())
    statuses, created = params.get("status"), params.get("createdAt", {})
    found = {
        one.arn: _brief(service, one)
        for one in service.history
        if (not statuses or one.status in statuses)
        and ("after" not in created or one.created_at >= created["after"])
        and ("before" not in created or one.created_at <= created["before"])
    }
    shown = page(list(found), params, "serviceDeployments", MOST_DESCRIBED)
    return shown | {"serviceDeployments": [found[arn] for arn in shown["serviceDeployments"]]}


def describe(desk: Desk, params: Params) -> Result:
    wanted = params["serviceDeploymentArns"]
    if len(wanted) > MOST_DESCRIBED:
        raise invalid(f"Service deployments cannot have more than {MOST_DESCRIBED} elements.")
    found, failures = [], []
    for arn in wanted:
        if known := _find(desk, arn):
            found.append(_describe(*known))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"serviceDeployments": found, "failures": failures}


def stop(desk: Desk, params: Params) -> Result:
    """Back to the last that was completed; the scheduler does it."""
    arn = params["serviceDeploymentArn"]
    if params.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise invalid(f"The stop type {params['stopType']} is not supported. Use ROLLBACK.")
    if (known := _find(desk, arn)) is None:
        raise AwsError("ServiceDeploymentNotFoundException", "Service deployment not found.")
    service, record = known
    if record.status in records.UNDER_WAY:
        records.move(desk.world, record, "ROLLBACK_REQUESTED")
        desk.wake(service)
    elif record.status not in records.GOING_BACK:
        raise AwsError(
            "ConflictException",
            f"The service deployment cannot be stopped because its status is {record.status}.",
        )
    return {"serviceDeploymentArn": arn}


def _find(desk: Desk, arn: str) -> tuple[Service, ServiceDeployment] | None:
    *_, cluster, name, _ = ("", "", *arn.split("/"))
    service = desk.state.services.get((cluster, name))
    if service:
        records.forget(service, desk.world.clock.now())
        for record in service.history:
            if record.arn == arn:
                return service, record
    return None


def _brief(service: Service, record: ServiceDeployment) -> dict[str, Any]:
    whole = _describe(service, record)
    brief = {key: whole[key] for key in BRIEF if key in whole}
    return brief | {"targetServiceRevisionArn": record.revision.arn}


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
        "sourceServiceRevisions": [summary(service, one) for one in record.sources],
        "targetServiceRevision": summary(service, record.revision),
        "status": record.status,
        "statusReason": record.reason,
        "deploymentConfiguration": record.configuration,
        "rollback": record.rollback,
        "deploymentCircuitBreaker": _breaker(service, record),
        "alarms": {
            "status": record.alarms,
            "alarmNames": alarms.asked(record.configuration),
            "triggeredAlarmNames": record.alarms_triggered,
        },
    }
    return {key: value for key, value in shape.items() if value is not None}


def summary(service: Service, revision: ServiceRevision) -> dict[str, Any]:
    tasks, requested = [], 0
    for deployment in service.deployments:
        if deployment.revision is revision:
            tasks = of_deployment(service, deployment)
            requested = desired(service, deployment)
    return {
        "arn": revision.arn,
        "requestedTaskCount": requested,
        "runningTaskCount": sum(task.status is Life.RUNNING for task in tasks),
        "pendingTaskCount": sum(task.status in STARTING for task in tasks),
    }


def _breaker(service: Service, record: ServiceDeployment) -> dict[str, Any]:
    """While it is watching, its threshold follows the desired count."""
    threshold = record.threshold
    if record.breaker == "MONITORING":
        threshold = breaker_threshold(service.breaker, service.desired_count)
    return {"status": record.breaker, "failureCount": record.failures, "threshold": threshold}


OPERATIONS = {
    "ListServiceDeployments": list_,
    "DescribeServiceDeployments": describe,
    "StopServiceDeployment": stop,
}
