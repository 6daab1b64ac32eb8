"""Service revisions: what each rollout of a service was made of."""

from __future__ import annotations

from typing import Any

from localaws.ecs.desk import Desk, Params, Result, invalid
from localaws.ecs.model import ServiceRevision

MOST_DESCRIBED = 20


def describe(desk: Desk, params: Params) -> Result:
    wanted = params["serviceRevisionArns"]
    if len(wanted) > MOST_DESCRIBED:
        raise invalid(f"Service revisions cannot have more than {MOST_DESCRIBED} elements.")
    found, failures = [], []
    for arn in wanted:
        if revision := _find(desk, arn):
            found.append(_describe(revision))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"serviceRevisions": found, "failures": failures}


def _find(desk: Desk, arn: str) -> ServiceRevision | None:
    *_, cluster, name, _ = ("", "", *arn.split("/"))
    service = desk.state.services.get((cluster, name))
    return service.revisions.get(arn) if service else None


def _describe(revision: ServiceRevision) -> dict[str, Any]:
    groups = [{"targetGroupArn": one["targetGroupArn"]} for one in revision.load_balancers]
    providers = revision.capacity_providers
    runs_on = {"capacityProviderStrategy": providers} if providers else {"launchType": "EC2"}
    return runs_on | {
        "serviceRevisionArn": revision.arn,
        "serviceArn": revision.service_arn,
        "clusterArn": revision.cluster_arn,
        "taskDefinition": revision.task_definition,
        "loadBalancers": revision.load_balancers,
        "containerImages": revision.images,
        "guardDutyEnabled": False,
        "createdAt": revision.created_at,
        "resolvedConfiguration": {"loadBalancers": groups},
    }


OPERATIONS = {"DescribeServiceRevisions": describe}
