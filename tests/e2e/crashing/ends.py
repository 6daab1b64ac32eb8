"""How things ended for an app: all that may not differ, however often a worker was killed.

Counts of everything that could have been made twice, in our tables and in AWS, and what runs.
No ids, no times, and nothing that is still on its way out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from botocore.exceptions import ClientError
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db.models import Allocation, App, Dyno, Event, Operation, Release, Slug, TaskDefinition
from app.domain.operation import TERMINAL
from app.services import blueprints, physical
from tests.e2e.crashing.standing import Amazon, Installation

End = Mapping[str, Any]


def end(installation: Installation, app_id: UUID) -> End:
    with installation.sessions() as session:
        app = session.get_one(App, app_id)
        stack_name = physical.name(session, app, physical.Kind.STACK)
        names = blueprints.service_names(session, app)
        ours = _in_our_tables(session, app_id)
    amazon = installation.amazon
    return ours | {
        **_stack(amazon, stack_name),
        "services": _services(amazon, names),
        "task definitions": {
            process_type: _definitions(amazon, name) for process_type, name in names.items()
        },
    }


def _in_our_tables(session: Session, app_id: UUID) -> dict[str, Any]:
    def rows(table: Any, *columns: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
        return _rows(session, select(*columns).where(table.app_id == app_id))

    ended = [f"operation.{status}" for status in TERMINAL]
    terminal = select(func.count()).where(Event.app_id == app_id, Event.kind.in_(ended))
    living = select(Dyno.process_type, Dyno.release_version, Dyno.state).where(
        Dyno.app_id == app_id, Dyno.stopped_at.is_(None)
    )
    return {
        "operations": rows(Operation, Operation.number, Operation.kind, Operation.status),
        "releases": rows(Release, Release.version, Release.status, Release.config_version),
        "slugs": len(rows(Slug, Slug.id)),
        "terminal events of each operation": _rows(session, terminal.group_by(Event.operation_id)),
        "task definitions known": rows(
            TaskDefinition, TaskDefinition.process_type, TaskDefinition.release_version
        ),
        "dynos": _rows(session, living),
        "places on the listener": len(rows(Allocation, Allocation.priority)),
    }


def _rows(session: Session, query: Select[Any]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in session.execute(query))


def _stack(amazon: Amazon, name: str) -> dict[str, Any]:
    """Of every stack that ever bore the name its status, and how often it was begun to be what;
    of the present one what its config and its target group hold."""
    client = amazon.client("cloudformation")
    pages = client.get_paginator("list_stacks").paginate()
    ever = [s for page in pages for s in page["StackSummaries"] if s["StackName"] == name]
    begun = [(s["StackStatus"], _begun(amazon, s["StackId"])) for s in ever]
    try:
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError:  # it is gone
        return {"stacks ever": begun}
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return {
        "stacks ever": begun,
        "config versions": _config_versions(amazon, outputs["ConfigArn"]),
        "targets": _targets(amazon, outputs["WebTargetGroup"]),
    }


def _begun(amazon: Amazon, stack_id: str) -> dict[str, int]:
    client = amazon.client("cloudformation")
    events = client.describe_stack_events(StackName=stack_id)["StackEvents"]
    statuses = [e["ResourceStatus"] for e in events if e["PhysicalResourceId"] == stack_id]
    return dict(Counter(status for status in statuses if status.endswith("_IN_PROGRESS")))


def _config_versions(amazon: Amazon, secret: str) -> int:
    listed = amazon.client("secretsmanager").list_secret_version_ids(
        SecretId=secret, IncludeDeprecated=True
    )
    return len(listed["Versions"])


def _targets(amazon: Amazon, group: str) -> int:
    told = amazon.client("elbv2").describe_target_health(TargetGroupArn=group)
    states = [target["TargetHealth"]["State"] for target in told["TargetHealthDescriptions"]]
    return sum(state != "draining" for state in states)


def _services(amazon: Amazon, names: Mapping[str, str]) -> dict[str, Any]:
    types = {name: process_type for process_type, name in names.items()}
    found = amazon.client("ecs").describe_services(
        cluster=amazon.seed["cluster"], services=sorted(types)
    )
    return {
        types[service["serviceName"]]: _service(amazon, service)
        for service in found["services"]
        if service["status"] != "INACTIVE"
    }


def _service(amazon: Amazon, service: Mapping[str, Any]) -> dict[str, Any]:
    ecs, name, cluster = amazon.client("ecs"), service["serviceName"], amazon.seed["cluster"]
    ever = ecs.list_service_deployments(cluster=cluster, service=name)["serviceDeployments"]
    ended = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="STOPPED")
    return {
        "status": service["status"],
        "desired": service["desiredCount"],
        "running": service["runningCount"],
        "pending": service["pendingCount"],
        "deployments now": len(service["deployments"]),
        "deployments ever": sorted(deployment["status"] for deployment in ever),
        "tasks ended": len(ended["taskArns"]),
        "runs": _runs(amazon, service["taskDefinition"]),
    }


def _runs(amazon: Amazon, arn: str) -> tuple[str, str]:
    """The image, and the release it calls itself."""
    found = amazon.client("ecs").describe_task_definition(taskDefinition=arn)
    [container] = found["taskDefinition"]["containerDefinitions"]
    environment = {pair["name"]: pair["value"] for pair in container["environment"]}
    return container["image"], environment["PALATINE_RELEASE"]


def _definitions(amazon: Amazon, family: str) -> dict[str, int]:
    ecs = amazon.client("ecs")
    return {
        status: len(
            ecs.list_task_definitions(familyPrefix=family, status=status)["taskDefinitionArns"]
        )
        for status in ("ACTIVE", "INACTIVE")
    }
