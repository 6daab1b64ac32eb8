"""What AWS showed of one app at one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class StackState:
    """A CloudFormation stack. `token` and `reason` are known only of an attempt that failed."""

    status: str
    template: str  # hash, from the stack's tags
    outputs: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    reason: str = ""

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS")

    @property
    def dead(self) -> bool:
        """Never came to be, or half gone: it can only be deleted, and then made again."""
        return self.status in {
            "ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED",
            "CREATE_FAILED",
            "DELETE_FAILED",
        }

    @property
    def failed(self) -> bool:
        return not self.busy and ("ROLLBACK" in self.status or self.status.endswith("FAILED"))

    def fits(self, template: str | None) -> bool:
        """Made from this template, and not on its way to or from another."""
        return not self.busy and not self.dead and self.template == template


@dataclass(frozen=True)
class DeploymentState:
    """One entry of a service's `deployments`."""

    id: str
    task_definition: str
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    desired: int = 0
    running: int = 0
    failed: int = 0


@dataclass(frozen=True)
class ServiceState:
    """An ECS service; its first deployment is the primary one."""

    process_type: str
    name: str
    arn: str
    status: str  # ACTIVE | DRAINING | INACTIVE
    desired: int
    running: int
    pending: int
    deployments: tuple[DeploymentState, ...] = ()

    @property
    def gone(self) -> bool:
        return self.status == "INACTIVE"

    @property
    def primary(self) -> DeploymentState:
        return self.deployments[0] if self.deployments else DeploymentState("", "")

    @property
    def stable(self) -> bool:
        """One deployment, complete, with every task it should have and none it should not."""
        return (
            self.status == "ACTIVE"
            and len(self.deployments) == 1
            and self.primary.rollout_state == "COMPLETED"
            and self.running == self.desired
            and self.pending == 0
        )


@dataclass(frozen=True)
class TaskState:
    """An ECS task of a service."""

    arn: str
    process_type: str
    task_definition: str
    version: int
    last_status: str
    instance: str = ""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    exit_code: int | None = None

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def dyno_name(self) -> str:
        """The process inside can work it out too, from the ECS metadata endpoint."""
        return f"{self.process_type}.{self.id[:8]}"

    @property
    def dyno_state(self) -> str:
        """Heroku's words (Platform API reference, "Dyno"): starting, up, down, crashed."""
        match self.last_status:
            case "RUNNING":
                return "up"
            case "PROVISIONING" | "PENDING" | "ACTIVATING":
                return "starting"
            case "STOPPED" if self.stop_code in {"EssentialContainerExited", "TaskFailedToStart"}:
                return "crashed"
            case _:
                return "down"


@dataclass(frozen=True)
class Observed:
    stack: StackState | None = None
    services: Mapping[str, ServiceState] = field(default_factory=dict)  # by process type
    tasks: tuple[TaskState, ...] = ()
