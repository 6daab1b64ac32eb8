"""What one app should be in AWS, and what has been asked for but not finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.operation import OperationKind


@dataclass(frozen=True)
class DesiredProcess:
    """A process type's service. `task_definition` is None until ECS has shown one of this content.

    `asserted`: an unfinished operation asks for the quantity; otherwise ECS's count is left alone.
    """

    process_type: str
    task_definition: str | None
    quantity: int
    asserted: bool = False


@dataclass(frozen=True)
class Asked:
    """An unfinished operation that has taken effect.

    `marks` are the steps already written down for it: step name → token, or what was seen
    just before. `process_types` and `tasks` are those it names.
    """

    kind: OperationKind
    process_types: frozenset[str] = frozenset()
    tasks: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    recent: frozenset[str] = frozenset()  # steps taken too lately to believe a look that denies

    def mark_before_restart(self, process_type: str) -> str | None:
        return self.marks.get(restart_step(process_type))


@dataclass(frozen=True)
class Desired:
    """`template` None: no opinion about the stack. No processes: nothing should run."""

    exists: bool
    template: str | None = None
    needed_outputs: frozenset[str] = frozenset()
    processes: tuple[DesiredProcess, ...] = ()
    task_definitions: tuple[str, ...] = ()  # all that the app ever had, for the end
    asked: tuple[Asked, ...] = ()

    def of(self, process_type: str) -> DesiredProcess | None:
        return next((p for p in self.processes if p.process_type == process_type), None)


def restart_step(process_type: str) -> str:
    return f"restart:{process_type}"
