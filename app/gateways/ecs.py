"""ECS, reduced to what we ask of it: services, their tasks, their task definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from app.domain.observed import DeploymentState, ServiceState, TaskState

FINGERPRINT_TAG = "palatine:fingerprint"
_DESCRIBE_SERVICES = 10  # names a call
_DESCRIBE_TASKS = 100


@dataclass(frozen=True)
class ServiceSpec:
    """What CreateService needs. `target_group` makes it one that requests reach."""

    name: str
    process_type: str
    task_definition: str
    quantity: int
    client_token: str  # 36 characters at most
    tags: Mapping[str, str]
    target_group: str | None = None
    container_port: int = 8080
    grace_seconds: int = 60


class Services(Protocol):
    def services(self, names: Mapping[str, str]) -> dict[str, ServiceState]: ...
    def tasks(
        self, services: Iterable[ServiceState], known: Iterable[str], *, stopped: bool
    ) -> list[TaskState]: ...
    def registered(self, family: str, fingerprint: str) -> str | None: ...
    def register(
        self, definition: Mapping[str, Any], fingerprint: str, tags: Mapping[str, str]
    ) -> str: ...
    def deregister(self, arn: str) -> None: ...
    def create_service(self, spec: ServiceSpec) -> None: ...
    def update_service(
        self, name: str, *, task_definition: str | None, quantity: int | None, restart: bool
    ) -> None: ...
    def delete_service(self, name: str) -> None: ...
    def stop_task(self, arn: str, reason: str) -> None: ...


class EcsServices:
    def __init__(self, client: Any, cluster: str) -> None:  # noqa: ANN401
        self._client = client
        self._cluster = cluster

    def services(self, names: Mapping[str, str]) -> dict[str, ServiceState]:
        """By process type; a service that ECS does not know is not in it."""
        types = {name: process_type for process_type, name in names.items()}
        return {
            types[service["serviceName"]]: _service(service, types[service["serviceName"]])
            for chunk in _chunks(sorted(types), _DESCRIBE_SERVICES)
            for service in self._client.describe_services(cluster=self._cluster, services=chunk)[
                "services"
            ]
        }

    def tasks(
        self, services: Iterable[ServiceState], known: Iterable[str], *, stopped: bool
    ) -> list[TaskState]:
        """Tasks of the services, those `known` of earlier looks, and with `stopped` the ended."""
        types = {service.name: service.process_type for service in services if not service.gone}
        wanted = set(known)
        for name in types:
            wanted.update(self._listed(name, "RUNNING"))
            if stopped:
                wanted.update(self._listed(name, "STOPPED"))
        found = [
            task
            for chunk in _chunks(sorted(wanted), _DESCRIBE_TASKS)
            for task in self._client.describe_tasks(cluster=self._cluster, tasks=chunk)["tasks"]
        ]
        return [_task(task) for task in found]

    def registered(self, family: str, fingerprint: str) -> str | None:
        """The family's newest revision, if it has this content: RegisterTaskDefinition knows no
        client token, so this is how a repeat after a crash finds what the first call made."""
        try:
            answer = self._client.describe_task_definition(taskDefinition=family, include=["TAGS"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ClientException":
                return None  # "Unable to describe task definition."
            raise
        tags = {tag["key"]: tag["value"] for tag in answer.get("tags", ())}
        newest = answer["taskDefinition"]
        if newest["status"] != "ACTIVE" or tags.get(FINGERPRINT_TAG) != fingerprint:
            return None
        return str(newest["taskDefinitionArn"])

    def register(
        self, definition: Mapping[str, Any], fingerprint: str, tags: Mapping[str, str]
    ) -> str:
        answer = self._client.register_task_definition(
            **definition, tags=_pairs({**tags, FINGERPRINT_TAG: fingerprint})
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def deregister(self, arn: str) -> None:
        try:
            self._client.deregister_task_definition(taskDefinition=arn)
        except ClientError as error:
            if "inactive" not in str(error):  # a repeat after a crash finds it done
                raise

    def create_service(self, spec: ServiceSpec) -> None:
        self._client.create_service(
            cluster=self._cluster,
            serviceName=spec.name,
            taskDefinition=spec.task_definition,
            desiredCount=spec.quantity,
            clientToken=spec.client_token,
            launchType="EC2",
            schedulingStrategy="REPLICA",
            deploymentConfiguration=_DEPLOYMENT,
            enableECSManagedTags=True,
            propagateTags="TASK_DEFINITION",
            tags=_pairs(spec.tags),
            **_routed(spec),
        )

    def update_service(
        self, name: str, *, task_definition: str | None, quantity: int | None, restart: bool
    ) -> None:
        """What is None is not sent: ECS then leaves it, the count an autoscaler set included."""
        changes: dict[str, Any] = {}
        if task_definition is not None:
            changes["taskDefinition"] = task_definition
            changes["deploymentConfiguration"] = _DEPLOYMENT
        if quantity is not None:
            changes["desiredCount"] = quantity
        if restart:
            changes["forceNewDeployment"] = True
        self._client.update_service(cluster=self._cluster, service=name, **changes)

    def delete_service(self, name: str) -> None:
        self._client.delete_service(cluster=self._cluster, service=name)

    def stop_task(self, arn: str, reason: str) -> None:
        self._client.stop_task(cluster=self._cluster, task=arn, reason=reason)

    def _listed(self, service: str, desired: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_tasks").paginate(
            cluster=self._cluster, serviceName=service, desiredStatus=desired
        )
        for page in pages:
            yield from page["taskArns"]


# The breaker stops a bad rollout; only the platform rolls back, all process types together.
_DEPLOYMENT = {
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": {
        "enable": True,
        "rollback": False,
        "resetOnHealthyTask": False,
        "thresholdConfiguration": {"type": "COUNT", "value": 3},
    },
}


def _routed(spec: ServiceSpec) -> dict[str, Any]:
    if spec.target_group is None:
        return {}
    return {
        "loadBalancers": [
            {
                "targetGroupArn": spec.target_group,
                "containerName": spec.process_type,
                "containerPort": spec.container_port,
            }
        ],
        "healthCheckGracePeriodSeconds": spec.grace_seconds,
    }


def _service(service: Mapping[str, Any], process_type: str) -> ServiceState:
    deployments = sorted(service.get("deployments", ()), key=lambda d: d["status"] != "PRIMARY")
    return ServiceState(
        process_type=process_type,
        name=service["serviceName"],
        arn=service["serviceArn"],
        status=service["status"],
        desired=service["desiredCount"],
        running=service["runningCount"],
        pending=service["pendingCount"],
        deployments=tuple(_deployment(d) for d in deployments),
    )


def _deployment(deployment: Mapping[str, Any]) -> DeploymentState:
    return DeploymentState(
        id=deployment["id"],
        task_definition=deployment["taskDefinition"],
        rollout_state=deployment.get("rolloutState", ""),
        reason=deployment.get("rolloutStateReason", ""),
        desired=deployment["desiredCount"],
        running=deployment["runningCount"],
        failed=deployment.get("failedTasks", 0),
    )


def _task(task: Mapping[str, Any]) -> TaskState:
    container = task["containers"][0]  # our task definitions have one, named by its process type
    return TaskState(
        arn=task["taskArn"],
        process_type=container["name"],
        task_definition=task["taskDefinitionArn"],
        version=task.get("version", 0),
        last_status=task["lastStatus"],
        instance=task.get("containerInstanceArn", "").rsplit("/", 1)[-1],
        started_at=task.get("startedAt"),
        stopped_at=task.get("stoppedAt"),
        stop_code=task.get("stopCode", ""),
        stopped_reason=_why(task.get("stoppedReason", ""), container.get("reason", "")),
        exit_code=container.get("exitCode"),
    )


def _why(task: str, container: str) -> str:
    """On instances only the container says why its task failed to start, or that it ran out of
    memory."""
    return ": ".join(said for said in (task, container) if said)


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
