"""Draw what an app should be in AWS, from its rows and from what its stack has made so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from app.db.models import (
    App,
    ConfigVar,
    Formation,
    Listener,
    Operation,
    PhysicalName,
    Release,
    Service,
    Step,
    TaskDefinition,
)
from app.domain.desired import Asked, Desired, DesiredProcess
from app.domain.estate import Estate
from app.domain.formation import size_named
from app.domain.operation import OperationKind
from app.services import clusters, formation, operations, physical
from app.stacks import app_stack, task_definition
from app.stacks.app_stack import AppStack, WebRoute
from app.stacks.task_definition import ProcessImage


@dataclass(frozen=True)
class Definition:
    """A task definition as it should be, and what we know of it by its content."""

    process_type: str
    arguments: Mapping[str, Any]
    fingerprint: str
    release_version: int
    command: str
    size: str


@dataclass(frozen=True)
class Blueprint:
    """`lead` is the newest unfinished operation that has taken effect: actions bear its name."""

    app_id: UUID
    generation: int
    stack_name: str
    desired: Desired
    unfinished: Sequence[Operation] = ()
    template: Mapping[str, Any] | None = None
    service_names: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    target_groups: Mapping[str, str] = field(default_factory=dict)
    config_version: int = 0
    config_version_id: str = ""
    config_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def lead(self) -> Operation | None:
        return max(self.unfinished, key=lambda o: o.generation or 0, default=None)

    @property
    def lead_number(self) -> int:
        return self.lead.number if self.lead else 0

    @property
    def stack_token(self) -> str:
        """Of the attempt to give the stack this template, on the lead's behalf."""
        return self.token(f"stack-{(self.desired.template or '')[:12]}")

    def token(self, step: str) -> str:
        """CloudFormation's ClientRequestToken: letters, digits and dashes, at most 128."""
        return f"op-{self.lead.id if self.lead else self.app_id}-{step}"


def draw(
    session: Session,
    app: App,
    estate: Estate,
    outputs: Mapping[str, str],
    *,
    consistency: timedelta = timedelta(),
) -> Blueprint:
    """`outputs` are those of the app's stack as it is now; without them nothing can refer to it.

    `consistency`: for how long after a call a look that does not show its effect is not believed.
    """
    unfinished = [o for o in operations.unfinished(session, app) if o.generation is not None]
    release = _desired_release(session, app)
    should_run = formation.of(session, app) if release else []
    registered = _registered(session, app)
    stack_name = physical.name(session, app, physical.Kind.STACK)
    stack = _stack(session, app, stack_name, estate, release) if release else None
    template = app_stack.render(stack) if stack else None
    definitions = (
        _definitions(session, app, release, should_run, estate, outputs)
        if release and stack and app_stack.needed_outputs(stack) <= outputs.keys()
        else {}
    )
    desired = Desired(
        exists=app.destroyed_at is None,
        template=app_stack.fingerprint(template) if template else None,
        needed_outputs=app_stack.needed_outputs(stack) if stack else frozenset(),
        processes=_processes(should_run, registered, definitions),
        task_definitions=tuple(row.arn for row in registered),
        asked=tuple(_asked(session, o, consistency) for o in unfinished),
    )
    return Blueprint(
        app_id=app.id,
        generation=app.generation,
        stack_name=stack_name,
        desired=desired,
        unfinished=unfinished,
        template=template,
        service_names=service_names(session, app),
        definitions=definitions,
        target_groups={"web": outputs["WebTargetGroup"]} if "WebTargetGroup" in outputs else {},
        config_version=release.config_version if release else 0,
        config_version_id=_version_id(app, release) if release else "",
        config_arn=outputs.get("ConfigArn", ""),
        tags={"palatine:app": str(app.id), "palatine:generation": str(app.generation)},
    )


def service_names(session: Session, app: App) -> dict[str, str]:
    """The services the app has or had, by process type."""
    rows = session.execute(
        select(PhysicalName.process_type, PhysicalName.name).where(
            PhysicalName.app_id == app.id, PhysicalName.kind == physical.Kind.SERVICE
        )
    )
    return dict(rows.all())


def _desired_release(session: Session, app: App) -> Release | None:
    if app.desired_release_id is None or app.destroyed_at is not None:
        return None
    return session.scalars(
        select(Release)
        .where(Release.id == app.desired_release_id)
        .options(joinedload(Release.slug))
    ).one()


def _registered(session: Session, app: App) -> Sequence[TaskDefinition]:
    return session.scalars(
        select(TaskDefinition).where(TaskDefinition.app_id == app.id).order_by(TaskDefinition.arn)
    ).all()


def _stack(session: Session, app: App, name: str, estate: Estate, release: Release) -> AppStack:
    """With a way in for as long as a service hangs on it, though its type be on its way out."""
    hangs = session.get(Service, (app.id, "web")) is not None
    routed = hangs or "web" in release.slug.process_types
    web = _route(session, app, estate) if routed else None
    return AppStack(name=name, app_id=str(app.id), web=web)


def _route(session: Session, app: App, estate: Estate) -> WebRoute:
    allocation = clusters.allocate(session, app, "web")
    return WebRoute(
        target_group=physical.name(session, app, physical.Kind.TARGET_GROUP, "web"),
        listener_arn=session.get_one(Listener, allocation.listener_id).arn,
        priority=allocation.priority,
        host=f"{app.name}.{estate.apps_domain}",
        vpc_id=estate.vpc_id,
        drain_seconds=estate.drain_seconds,
        health_path=estate.health_path,
        health_interval=estate.health_interval,
        health_timeout=estate.health_timeout,
        healthy_threshold=estate.healthy_threshold,
        unhealthy_threshold=estate.unhealthy_threshold,
    )


def _definitions(
    session: Session,
    app: App,
    release: Release,
    should_run: Sequence[Formation],
    estate: Estate,
    outputs: Mapping[str, str],
) -> dict[str, Definition]:
    names = _config_names(session, app, release.config_version)
    sizes = {row.process_type: row.size for row in should_run}
    drawn = {}
    for process_type, command in release.slug.process_types.items():
        size = size_named(sizes[process_type])
        arguments = task_definition.render(
            ProcessImage(
                family=physical.name(session, app, physical.Kind.SERVICE, process_type),
                app_id=str(app.id),
                process_type=process_type,
                release_version=release.version,
                image=release.slug.pinned_image,
                command=command,
                size=size,
                config_names=names,
                config_arn=outputs["ConfigArn"],
                config_version_id=_version_id(app, release),
                log_group=outputs["LogGroup"],
                region=estate.region,
                execution_role_arn=estate.execution_role_arn,
                task_role_arn=estate.task_role_arn,
            )
        )
        drawn[process_type] = Definition(
            process_type=process_type,
            arguments=arguments,
            fingerprint=task_definition.fingerprint(arguments),
            release_version=release.version,
            command=command,
            size=size.name,
        )
    return drawn


def _processes(
    should_run: Sequence[Formation],
    registered: Sequence[TaskDefinition],
    definitions: Mapping[str, Definition],
) -> tuple[DesiredProcess, ...]:
    arns = {(row.process_type, row.content_hash): row.arn for row in registered}
    return tuple(
        DesiredProcess(
            process_type=row.process_type,
            task_definition=_arn(arns, definitions.get(row.process_type)),
            quantity=row.quantity,
            asserted=row.asserted,
        )
        for row in should_run
    )


def _arn(registered: Mapping[tuple[str, str], str], drawn: Definition | None) -> str | None:
    return None if drawn is None else registered.get((drawn.process_type, drawn.fingerprint))


def _asked(session: Session, operation: Operation, consistency: timedelta) -> Asked:
    steps = session.execute(
        select(Step.name, Step.mark, func.now() - Step.created_at < consistency).where(
            Step.operation_id == operation.id
        )
    ).all()
    return Asked(
        kind=OperationKind(operation.kind),
        process_types=frozenset(operation.request.get("process_types", ())),
        tasks=tuple(operation.request.get("tasks", ())),
        marks={name: mark for name, mark, _ in steps},
        recent=frozenset(name for name, _, lately in steps if lately),
    )


def _config_names(session: Session, app: App, version: int) -> tuple[str, ...]:
    newest = (
        select(ConfigVar.name, ConfigVar.ciphertext)
        .ext(distinct_on(ConfigVar.name))
        .where(ConfigVar.app_id == app.id, ConfigVar.version <= version)
        .order_by(ConfigVar.name, ConfigVar.version.desc())
    )
    return tuple(name for name, sealed in session.execute(newest) if sealed is not None)


def _version_id(app: App, release: Release) -> str:
    """Secrets Manager takes a version's id from us: the same config is the same version."""
    return str(uuid5(app.id, f"config/{release.config_version}"))
