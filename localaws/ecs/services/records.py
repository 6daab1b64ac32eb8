"""Service deployments and revisions as they are written down: begun, moved on, finished."""

from __future__ import annotations

from datetime import datetime, timedelta

from localaws.ecs import names
from localaws.ecs.model import Service, ServiceDeployment, ServiceRevision
from localaws.ecs.needs import World
from localaws.ecs.services import alarms

KEPT = timedelta(days=90)
MOST = 100  # a service; AWS has no such limit, but nobody's memory is endless
UNDER_WAY = ("PENDING", "IN_PROGRESS")
GOING_BACK = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")


def begin(world: World, service: Service) -> ServiceDeployment:
    """Of a new revision: the service as it now is."""
    now, path = world.clock.now(), f"{service.cluster}/{service.name}"
    revision = ServiceRevision(
        arn=world.arn("ecs", f"service-revision/{path}/{names.number()}"),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        task_definition=service.task_definition,
        load_balancers=service.load_balancers,
        capacity_providers=service.strategy,
        created_at=now,
    )
    record = ServiceDeployment(
        arn=world.arn("ecs", f"service-deployment/{path}/{names.service_deployment_id()}"),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        revision=revision,
        sources=[one.revision for one in service.deployments],
        configuration=service.configuration,
        created_at=now,
        updated_at=now,
    )
    service.revisions[revision.arn] = revision
    service.history.insert(0, record)
    forget(service, now)
    return record


def start(world: World, service: Service, record: ServiceDeployment) -> None:
    move(world, record, "IN_PROGRESS")
    record.started_at = world.clock.now()
    record.breaker = "MONITORING" if service.breaker["enable"] else "DISABLED"
    record.alarms = "MONITORING" if alarms.asked(record.configuration) else "DISABLED"


def watched(record: ServiceDeployment) -> bool:
    """By CloudWatch alarms."""
    return record.status == "IN_PROGRESS" and record.alarms == "MONITORING"


def move(world: World, record: ServiceDeployment, status: str) -> None:
    record.status, record.updated_at = status, world.clock.now()


def finish(world: World, record: ServiceDeployment, status: str, reason: str | None) -> None:
    """What it was watched by has come to its end, unless it was that which ended it."""
    move(world, record, status)
    record.reason, record.finished_at = reason, record.updated_at
    record.stopped_at = record.updated_at if status == "STOPPED" else None
    if record.breaker == "MONITORING":
        record.breaker = "MONITORING_COMPLETE"
    if record.alarms == "MONITORING":
        record.alarms = "MONITORING_COMPLETE"


def go_back(
    world: World, record: ServiceDeployment, revision: ServiceRevision, reason: str
) -> None:
    move(world, record, "ROLLBACK_IN_PROGRESS")
    record.reason = reason
    record.rollback = {
        "reason": reason,
        "startedAt": record.updated_at,
        "serviceRevisionArn": revision.arn,
    }


def forget(service: Service, now: datetime) -> None:
    """What is too old, and whatever only that was about."""
    service.history = [one for one in service.history[:MOST] if now - one.created_at < KEPT]
    used = {one.revision.arn for one in service.deployments}
    for record in service.history:
        used |= {record.revision.arn, *(one.arn for one in record.sources)}
    service.revisions = {arn: one for arn, one in service.revisions.items() if arn in used}
