"""Small worlds for the rules: what is desired and what AWS shows, with as little said as can be."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.desired import Asked, Desired, DesiredProcess
from app.domain.observed import DeploymentState, Observed, ServiceState, StackState, TaskState
from app.domain.operation import OperationKind

NEEDED = frozenset({"LogGroup", "ConfigArn"})
OUTPUTS = {"LogGroup": "/palatine/pal-1", "ConfigArn": "arn:secret"}
DEPLOY = Asked(OperationKind.DEPLOY)


def process(
    process_type: str = "web", definition: str | None = "web:2", quantity: int = 1, **more: bool
) -> DesiredProcess:
    return DesiredProcess(process_type, definition, quantity, **more)


def desired(*processes: DesiredProcess, asked: tuple[Asked, ...] = (DEPLOY,)) -> Desired:
    return Desired(
        exists=True, template="new", needed_outputs=NEEDED, processes=processes, asked=asked
    )


def stack(
    status: str = "CREATE_COMPLETE",
    template: str = "new",
    outputs: Mapping[str, str] = OUTPUTS,
    **more: str,
) -> StackState:
    return StackState(status=status, template=template, outputs=outputs, **more)


def deployment(
    definition: str = "web:2", state: str = "COMPLETED", *, id: str = "d1", running: int = 1
) -> DeploymentState:
    return DeploymentState(id, definition, rollout_state=state, desired=1, running=running)


def service(
    process_type: str = "web",
    *deployments: DeploymentState,
    status: str = "ACTIVE",
    count: int = 1,
    running: int | None = None,
    pending: int = 0,
) -> ServiceState:
    return ServiceState(
        process_type=process_type,
        name=f"pal-1-{process_type}",
        arn=f"arn:service/{process_type}",
        status=status,
        desired=count,
        running=count if running is None else running,
        pending=pending,
        deployments=deployments or (deployment(f"{process_type}:2", running=count),),
    )


def task(arn: str, status: str = "RUNNING", **more: object) -> TaskState:
    return TaskState(
        **{  # type: ignore[arg-type]
            "arn": arn,
            "process_type": "web",
            "task_definition": "web:2",
            "version": 1,
            "last_status": status,
        }
        | more
    )


def observed(
    *services: ServiceState, stack: StackState | None = None, tasks: tuple[TaskState, ...] = ()
) -> Observed:
    return Observed(stack=stack, services={s.process_type: s for s in services}, tasks=tasks)
