"""Decide what one app needs next in AWS. No I/O, no clock, no database.

Only what somebody asked for is acted on: with no unfinished operation the plan is empty,
whatever AWS shows. Every action can be repeated without harm, and what comes after it is
decided at the next look, from what that look shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.desired import Asked, Desired, DesiredProcess, restart_step
from app.domain.observed import Observed, ServiceState
from app.domain.operation import OperationKind

# "5 active deployments exist, unable to create new deployment." (containers-roadmap#2836)
MAX_ACTIVE_DEPLOYMENTS = 5


@dataclass(frozen=True)
class CreateStack: ...


@dataclass(frozen=True)
class UpdateStack: ...


@dataclass(frozen=True)
class DeleteStack: ...


@dataclass(frozen=True)
class PutConfig:
    """Give the release's config to Secrets Manager, before a task definition refers to it."""


@dataclass(frozen=True)
class RegisterTaskDefinition:
    process_type: str


@dataclass(frozen=True)
class DeregisterTaskDefinition:
    arn: str


@dataclass(frozen=True)
class CreateService:
    process_type: str
    task_definition: str
    quantity: int


@dataclass(frozen=True)
class UpdateService:
    """What is None is left as it is. `restart` forces a new deployment."""

    process_type: str
    task_definition: str | None = None
    quantity: int | None = None
    restart: bool = False


@dataclass(frozen=True)
class DeleteService:
    process_type: str


@dataclass(frozen=True)
class StopTask:
    arn: str


Action = (
    CreateStack
    | UpdateStack
    | DeleteStack
    | PutConfig
    | RegisterTaskDefinition
    | DeregisterTaskDefinition
    | CreateService
    | UpdateService
    | DeleteService
    | StopTask
)


def plan(desired: Desired, observed: Observed) -> list[Action]:
    if not desired.asked:
        return []
    if not desired.exists:
        return list(_tear_down(desired, observed))
    return [*_stack(desired, observed), *_services(desired, observed), *_stops(desired, observed)]


def restarts_due(desired: Desired, observed: Observed) -> list[str]:
    """Process types that should be restarted and whose deployment is still the one before.

    The deployment seen now must be marked before the restart is asked for: a repeat after a
    crash then knows whether a newer one exists (UpdateService has no client token). A look soon
    after the ask may be a stale one, so it is repeated only after a while.
    """
    asked = [a for a in desired.asked if a.kind is OperationKind.RESTART and not a.tasks]
    return [
        service.process_type
        for service in observed.services.values()
        if any(_restart_due(restart, service) for restart in asked)
    ]


def _restart_due(restart: Asked, service: ServiceState) -> bool:
    if service.process_type not in restart.process_types:
        return False
    match restart.mark_before_restart(service.process_type):
        case None:
            return True
        case before:
            lately = restart_step(service.process_type) in restart.recent
            return before == service.primary.id and not lately


def _stack(desired: Desired, observed: Observed) -> Iterator[Action]:
    stack = observed.stack
    if desired.template is None or (stack is not None and stack.busy):
        return
    if stack is None:
        yield CreateStack()
    elif stack.dead:
        yield DeleteStack()
    elif stack.template != desired.template:
        yield UpdateStack()


def _services(desired: Desired, observed: Observed) -> Iterator[Action]:
    """All process types move together: nothing rolls before every task definition exists."""
    unregistered = [p for p in desired.processes if p.task_definition is None]
    if desired.processes and not _ready_for_services(desired, observed):
        return
    if unregistered:
        yield PutConfig()
        yield from (RegisterTaskDefinition(p.process_type) for p in unregistered)
        return
    restarts = restarts_due(desired, observed)
    fits = observed.stack is not None and observed.stack.fits(desired.template)
    for process in desired.processes:
        yield from _service(
            process, observed, restart=process.process_type in restarts, stack_fits=fits
        )
    for process_type, service in observed.services.items():
        if desired.of(process_type) is None:
            yield from _wind_down(service, delete=bool(desired.processes))


def _ready_for_services(desired: Desired, observed: Observed) -> bool:
    stack = observed.stack
    return stack is not None and not stack.dead and desired.needed_outputs <= stack.outputs.keys()


def _service(
    process: DesiredProcess, observed: Observed, *, restart: bool, stack_fits: bool
) -> Iterator[Action]:
    service = observed.services.get(process.process_type)
    target = process.task_definition or ""
    if service is None or service.gone:
        if stack_fits:  # what it will hang on must not be on its way out
            yield CreateService(process.process_type, target, process.quantity)
        return
    if service.status != "ACTIVE" or len(service.deployments) >= MAX_ACTIVE_DEPLOYMENTS:
        return
    moves = service.primary.task_definition != target
    counts = process.asserted and service.desired != process.quantity
    if moves or counts or restart:
        yield UpdateService(
            process.process_type,
            task_definition=target if moves else None,
            quantity=process.quantity if counts else None,
            restart=restart and not moves,
        )


def _wind_down(service: ServiceState, *, delete: bool) -> Iterator[Action]:
    if service.status != "ACTIVE":
        return
    if service.desired > 0:
        yield UpdateService(service.process_type, quantity=0)
    elif delete:
        yield DeleteService(service.process_type)


def _stops(desired: Desired, observed: Observed) -> Iterator[Action]:
    running = {task.arn for task in observed.tasks if task.last_status == "RUNNING"}
    for asked in desired.asked:
        yield from (StopTask(arn) for arn in asked.tasks if arn in running)


def _tear_down(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Scale to zero, delete the services, wait until they are INACTIVE, then delete the stack."""
    living = [service for service in observed.services.values() if not service.gone]
    for service in living:
        yield from _wind_down(service, delete=True)
    if living:
        return
    yield from (DeregisterTaskDefinition(arn) for arn in desired.task_definitions)
    if observed.stack is not None and not observed.stack.busy:
        yield DeleteStack()
