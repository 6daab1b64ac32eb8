"""Judge an operation by what AWS shows: is it so, can it still be, how far has it come?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.desired import Asked, Desired, DesiredProcess
from app.domain.observed import Observed, ServiceState
from app.domain.operation import RELEASING, OperationKind


@dataclass(frozen=True)
class Judgement:
    """`progress` grows, compared left to right, while things get better; `reached` says it."""

    satisfied: bool
    progress: tuple[int, ...]
    reached: str = ""
    failure: str = ""


def judge(asked: Asked, desired: Desired, observed: Observed) -> Judgement:
    match asked.kind:
        case OperationKind.DESTROY:
            return _destroy(desired, observed)
        case OperationKind.RENAME:
            return _rename(asked, desired, observed)
        case OperationKind.RESTART:
            return _restart(asked, desired, observed)
        case OperationKind.SCALE:
            return _scale(asked, desired, observed)
        case kind if kind in RELEASING:
            return _release(asked, desired, observed)
        case kind:
            raise AssertionError(f"nobody judges a {kind}")


def _release(asked: Asked, desired: Desired, observed: Observed) -> Judgement:
    ready = [p for p in desired.processes if _runs(p, observed, at_count=p.asserted)]
    rolled = [p for p in desired.processes if _on_target(p, observed)]
    left = [s for s in observed.services.values() if desired.of(s.process_type) is None]
    wound_down = all(s.gone if desired.processes else s.running == s.desired == 0 for s in left)
    as_asked = _running_on_target(desired.processes, observed)
    wanted = _wanted(desired.processes, observed)
    return Judgement(
        satisfied=(
            _stack_fits(desired, observed) and len(ready) == len(desired.processes) and wound_down
        ),
        progress=(int(_stack_fits(desired, observed)), len(rolled), as_asked, len(ready)),
        reached=f"{as_asked} of {wanted} dynos were running it" if desired.processes else "",
        failure=_stack_failure(asked, observed) or _rollout_failure(desired.processes, observed),
    )


def _scale(asked: Asked, desired: Desired, observed: Observed) -> Judgement:
    named = _named(asked, desired)
    ready = [p for p in named if _runs(p, observed, at_count=True)]
    running = sum(s.running for s in _seen(named, observed))
    wanted = sum(p.quantity for p in named)
    counted = sum(1 for p in named if _shows_count(p, observed))
    return Judgement(
        satisfied=len(ready) == len(named),
        progress=(counted, -abs(wanted - running), len(ready)),
        reached=f"{running} of {wanted} dynos were running",
        failure=_left(named) or _rollout_failure(named, observed),
    )


def _restart(asked: Asked, desired: Desired, observed: Observed) -> Judgement:
    if asked.tasks:
        return _stop(asked, desired, observed)
    named = _named(asked, desired)
    renewed = [
        service
        for service in _seen(named, observed)
        if asked.mark_before_restart(service.process_type) not in {None, service.primary.id}
    ]
    stable = [service for service in renewed if service.stable]
    started = sum(service.primary.running for service in renewed)
    return Judgement(
        satisfied=len(stable) == len(named),
        progress=(len(renewed), started, len(stable)),
        reached=f"{started} dynos were started anew",
        failure=_left(named)
        or _rollout_failure([p for p in named if _deployment_in(p, renewed)], observed),
    )


def _stop(asked: Asked, desired: Desired, observed: Observed) -> Judgement:
    there = [t for t in observed.tasks if t.arn in asked.tasks and t.last_status != "STOPPED"]
    replaced = all(service.stable for service in _seen(desired.processes, observed))
    return Judgement(satisfied=not there and replaced, progress=(-len(there), int(replaced)))


def _rename(asked: Asked, desired: Desired, observed: Observed) -> Judgement:
    fits = desired.template is None or _stack_fits(desired, observed)
    return Judgement(satisfied=fits, progress=(int(fits),), failure=_stack_failure(asked, observed))


def _destroy(desired: Desired, observed: Observed) -> Judgement:
    living = [service for service in observed.services.values() if not service.gone]
    left = len(living) + len(desired.task_definitions)
    tasks = sum(service.running for service in living)
    return Judgement(
        satisfied=observed.stack is None and not left,
        progress=(-left, -tasks, int(observed.stack is None)),
        reached=f"{len(living)} services were left",
    )


def _named(asked: Asked, desired: Desired) -> list[DesiredProcess]:
    """Those of the operation's process types that should still run."""
    return [p for p in desired.processes if p.process_type in asked.process_types]


def _left(named: list[DesiredProcess]) -> str:
    return "" if named else "Nothing of what it names should run any more."


def _stack_fits(desired: Desired, observed: Observed) -> bool:
    if desired.template is None:
        return True
    return observed.stack is not None and observed.stack.fits(desired.template)


def _stack_failure(asked: Asked, observed: Observed) -> str:
    stack = observed.stack
    if stack is None or not stack.failed or stack.token not in asked.marks.values():
        return ""
    return f"The app's stack could not be changed ({stack.status}): {stack.reason}"


def _rollout_failure(processes: Iterable[DesiredProcess], observed: Observed) -> str:
    for process in processes:
        service = observed.services.get(process.process_type)
        if service is None or service.primary.task_definition != process.task_definition:
            continue
        if service.primary.rollout_state == "FAILED":
            return f"{process.process_type}: {service.primary.reason}{_evidence(service, observed)}"
    return ""


def _evidence(service: ServiceState, observed: Observed) -> str:
    """Why the newest task of the failed deployment stopped, in ECS's words."""
    stopped = [
        task
        for task in observed.tasks
        if task.process_type == service.process_type
        and task.task_definition == service.primary.task_definition
        and task.stopped_at is not None
    ]
    if not stopped:
        return ""
    last = max(stopped, key=lambda task: (task.stopped_at, task.arn))
    code = "" if last.exit_code is None else f", exit code {last.exit_code}"
    return f" Last stopped: {last.dyno_name} ({last.stopped_reason}{code})."


def _runs(process: DesiredProcess, observed: Observed, *, at_count: bool) -> bool:
    service = observed.services.get(process.process_type)
    if service is None or not service.stable or not _on_target(process, observed):
        return False
    return service.desired == process.quantity if at_count else True


def _shows_count(process: DesiredProcess, observed: Observed) -> bool:
    service = observed.services.get(process.process_type)
    return service is not None and service.desired == process.quantity


def _on_target(process: DesiredProcess, observed: Observed) -> bool:
    service = observed.services.get(process.process_type)
    return (
        service is not None
        and process.task_definition is not None
        and service.primary.task_definition == process.task_definition
    )


def _running_on_target(processes: Iterable[DesiredProcess], observed: Observed) -> int:
    return sum(
        observed.services[p.process_type].primary.running
        for p in processes
        if _on_target(p, observed)
    )


def _wanted(processes: Iterable[DesiredProcess], observed: Observed) -> int:
    """How many dynos ECS is after; before it knows the service, what we will ask for."""
    services = observed.services
    return sum(
        services[p.process_type].desired if p.process_type in services else p.quantity
        for p in processes
    )


def _seen(processes: Iterable[DesiredProcess], observed: Observed) -> list[ServiceState]:
    return [
        observed.services[p.process_type] for p in processes if p.process_type in observed.services
    ]


def _deployment_in(process: DesiredProcess, services: Iterable[ServiceState]) -> bool:
    return any(service.process_type == process.process_type for service in services)
