"""ECS in memory, as far as the platform relies on it: a scheduler that takes one step a tick."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from app.domain.observed import DeploymentState, ServiceState, TaskState
from app.gateways.ecs import FINGERPRINT_TAG, ServiceSpec
from tests.fakes.refusing import no

_ACCOUNT = "arn:aws:ecs:us-east-1:123456789012"
_BREAKER = 3
_BORN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Definition:
    arn: str
    family: str
    content: Mapping[str, Any]
    tags: Mapping[str, str]
    active: bool = True


@dataclass
class _Service:
    spec: ServiceSpec
    desired: int
    deployments: list[DeploymentState]
    status: str = "ACTIVE"
    tasks: dict[str, tuple[str, TaskState]] = field(default_factory=dict)  # arn → (deployment, …)


class FakeServices:
    """Tasks of `broken` images and commands exit at once; of `stuck` ones never leave PENDING."""

    def __init__(self) -> None:
        self.definitions: dict[str, _Definition] = {}
        self.made: dict[str, _Service] = {}
        self.ended: dict[str, TaskState] = {}
        self.broken = {"exec false"}
        self.stuck: set[str] = set()
        self.deployed = 0  # deployments ever begun
        self._numbers = count(1)
        self._now = _BORN

    def services(self, names: Mapping[str, str]) -> dict[str, ServiceState]:
        return {
            process_type: _shown(self.made[name], process_type)
            for process_type, name in names.items()
            if name in self.made
        }

    def tasks(
        self, services: Iterable[ServiceState], known: Iterable[str], *, stopped: bool
    ) -> list[TaskState]:
        living = dict(self._living())
        names = {service.name for service in services if not service.gone}
        wanted = {arn for name in names for arn in self.made[name].tasks} | set(known)
        if stopped:
            families = {self.made[name].spec.process_type for name in names}
            wanted |= {arn for arn, task in self.ended.items() if task.process_type in families}
        everything = self.ended | living
        return [everything[arn] for arn in sorted(wanted & everything.keys())]

    def registered(self, family: str, fingerprint: str) -> str | None:
        newest = [d for d in self.definitions.values() if d.family == family and d.active][-1:]
        return next((d.arn for d in newest if d.tags[FINGERPRINT_TAG] == fingerprint), None)

    def register(
        self, definition: Mapping[str, Any], fingerprint: str, tags: Mapping[str, str]
    ) -> str:
        family = definition["family"]
        revision = 1 + sum(1 for d in self.definitions.values() if d.family == family)
        arn = f"{_ACCOUNT}:task-definition/{family}:{revision}"
        given = copy.deepcopy(dict(definition))
        self.definitions[arn] = _Definition(
            arn, family, given, {**tags, FINGERPRINT_TAG: fingerprint}
        )
        return arn

    def deregister(self, arn: str) -> None:
        self._definition("DeregisterTaskDefinition", arn).active = False

    def create_service(self, spec: ServiceSpec) -> None:
        definition = self._definition("CreateService", spec.task_definition)
        there = self.made.get(spec.name)
        if there is not None and there.status != "INACTIVE":
            if there.spec.client_token == spec.client_token:
                return
            raise no(
                "CreateService",
                "InvalidParameterException",
                "Creation of service was not idempotent.",
            )
        self.made[spec.name] = _Service(
            spec, spec.quantity, [self._deployment(definition.arn, spec.quantity)]
        )

    def update_service(
        self, name: str, *, task_definition: str | None, quantity: int | None, restart: bool
    ) -> None:
        service = self._service("UpdateService", name)
        if service.status != "ACTIVE":
            raise no("UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.")
        primary = service.deployments[0]
        target = task_definition or primary.task_definition
        self._definition("UpdateService", target)
        if quantity is not None:
            service.desired = quantity
            service.deployments[0] = replace(primary, desired=quantity)
        if restart or target != primary.task_definition:
            service.deployments.insert(0, self._deployment(target, service.desired))

    def delete_service(self, name: str) -> None:
        service = self._service("DeleteService", name)
        if service.desired > 0:
            raise no(
                "DeleteService",
                "InvalidParameterException",
                "The service cannot be stopped while it is scaled above 0.",
            )
        service.status = "DRAINING"

    def stop_task(self, arn: str, reason: str) -> None:
        for service in self.made.values():
            if arn in service.tasks:
                self._stop(service, arn, "UserInitiated", reason)
                return
        raise no("StopTask", "InvalidParameterException", "The referenced task was not found.")

    def tick(self) -> None:
        self._now += timedelta(seconds=1)
        for service in self.made.values():
            self._move_tasks(service)
            self._schedule(service)
            self._judge(service)

    def _move_tasks(self, service: _Service) -> None:
        for arn, (owner, task) in list(service.tasks.items()):
            [container] = self.definitions[task.task_definition].content["containerDefinitions"]
            runs = {container["image"], *container["command"]}
            if task.last_status == "STOPPING":
                self._end(service, arn)
            elif task.last_status == "PENDING" and runs & self.broken:
                self._stop(service, arn, "EssentialContainerExited", "Essential container exited")
                self._end(service, arn, exit_code=1)
                _note_failure(service, owner)
            elif task.last_status == "PENDING" and not runs & self.stuck:
                self._see(service, arn, last_status="RUNNING", started_at=self._now)

    def _schedule(self, service: _Service) -> None:
        primary = service.deployments[0]
        ours = _alive(service, primary.id)
        if service.status == "ACTIVE" and primary.rollout_state != "FAILED":
            for _ in range(service.desired - len(ours)):
                self._start(service, primary)
        for arn in sorted(ours)[service.desired :]:
            self._stop(service, arn, "ServiceSchedulerInitiated", "Scaling activity")
        up = [a for a in ours if service.tasks[a][1].last_status == "RUNNING"]
        if len(up) >= service.desired or service.desired == 0:
            for old in service.deployments[1:]:
                for arn in _alive(service, old.id):
                    self._stop(service, arn, "ServiceSchedulerInitiated", "Scaling activity")

    def _judge(self, service: _Service) -> None:
        service.deployments[1:] = [
            old
            for old in service.deployments[1:]
            if any(owner == old.id for owner, _ in service.tasks.values())
        ]
        primary = service.deployments[0]
        if primary.rollout_state == "IN_PROGRESS" and primary.failed >= _BREAKER:
            service.deployments[0] = replace(
                primary,
                rollout_state="FAILED",
                reason="ECS deployment circuit breaker: tasks failed to start.",
            )
        elif primary.rollout_state == "IN_PROGRESS" and self._complete(service):
            service.deployments[0] = replace(primary, rollout_state="COMPLETED")
        if service.status == "DRAINING" and not service.tasks:
            service.status = "INACTIVE"

    def _complete(self, service: _Service) -> bool:
        up = [task for _, task in service.tasks.values() if task.last_status == "RUNNING"]
        return len(service.deployments) == 1 and len(up) == len(service.tasks) == service.desired

    def _start(self, service: _Service, deployment: DeploymentState) -> None:
        arn = f"{_ACCOUNT}:task/palatine/{uuid4().hex}"
        task = TaskState(arn, service.spec.process_type, deployment.task_definition, 1, "PENDING")
        service.tasks[arn] = (deployment.id, task)

    def _stop(self, service: _Service, arn: str, code: str, reason: str) -> None:
        if service.tasks[arn][1].last_status != "STOPPING":
            self._see(service, arn, last_status="STOPPING", stop_code=code, stopped_reason=reason)

    def _end(self, service: _Service, arn: str, exit_code: int = 143) -> None:
        self._see(service, arn, last_status="STOPPED", stopped_at=self._now, exit_code=exit_code)
        self.ended[arn] = service.tasks.pop(arn)[1]

    def _see(self, service: _Service, arn: str, **changes: Any) -> None:  # noqa: ANN401
        owner, task = service.tasks[arn]
        service.tasks[arn] = (owner, replace(task, version=task.version + 1, **changes))

    def _living(self) -> Iterator[tuple[str, TaskState]]:
        for service in self.made.values():
            for arn, (_, task) in service.tasks.items():
                yield arn, task

    def _deployment(self, definition: str, desired: int) -> DeploymentState:
        self.deployed += 1
        return DeploymentState(f"ecs-svc/{next(self._numbers)}", definition, desired=desired)

    def _service(self, operation: str, name: str) -> _Service:
        service = self.made.get(name)
        if service is None or service.status == "INACTIVE":
            raise no(operation, "ServiceNotFoundException", "Service not found.")
        return service

    def _definition(self, operation: str, arn: str) -> _Definition:
        definition = self.definitions.get(arn)
        if definition is None:
            raise no(operation, "ClientException", "Unable to describe task definition.")
        return definition


def _alive(service: _Service, deployment_id: str) -> list[str]:
    return [
        arn
        for arn, (owner, task) in service.tasks.items()
        if owner == deployment_id and task.last_status != "STOPPING"
    ]


def _note_failure(service: _Service, deployment_id: str) -> None:
    service.deployments = [
        replace(d, failed=d.failed + 1) if d.id == deployment_id else d for d in service.deployments
    ]


def _shown(service: _Service, process_type: str) -> ServiceState:
    def counted(status: str, deployment_id: str | None = None) -> int:
        return sum(
            1
            for owner, task in service.tasks.values()
            if task.last_status == status and deployment_id in {None, owner}
        )

    return ServiceState(
        process_type=process_type,
        name=service.spec.name,
        arn=f"{_ACCOUNT}:service/palatine/{service.spec.name}",
        status=service.status,
        desired=service.desired,
        running=counted("RUNNING"),
        pending=counted("PENDING"),
        deployments=()
        if service.status == "INACTIVE"
        else tuple(replace(d, running=counted("RUNNING", d.id)) for d in service.deployments),
    )
