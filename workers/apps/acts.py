"""Carry out one action of a plan. Each may be repeated: AWS is given the same token again, or
asked first whether it has been done."""

from __future__ import annotations

from uuid import UUID, uuid5

from app.db.models import App
from app.domain.plan import (
    Action,
    CreateService,
    CreateStack,
    DeleteService,
    DeleteStack,
    DeregisterTaskDefinition,
    PutConfig,
    RegisterTaskDefinition,
    StopTask,
    UpdateService,
    UpdateStack,
)
from app.gateways.cloudformation import TEMPLATE_TAG
from app.gateways.ecs import ServiceSpec
from app.services import config_versions, observations
from app.services.blueprints import Blueprint
from app.stacks import app_stack
from workers.context import Context, Hold


class InvalidTemplate(Exception):
    """CloudFormation would refuse the template; the message says why."""


def act(context: Context, drawn: Blueprint, action: Action, hold: Hold) -> None:
    match action:
        case CreateStack() | UpdateStack():
            _put_stack(context, drawn, action)
        case DeleteStack():
            token = drawn.token("delete")
            context.stacks.delete(drawn.stack_name, token=token)
        case PutConfig():
            _put_config(context, drawn)
        case RegisterTaskDefinition(process_type):
            _register(context, drawn, process_type, hold)
        case DeregisterTaskDefinition(arn):
            _deregister(context, arn, hold)
        case CreateService():
            _create_service(context, drawn, action)
        case UpdateService():
            context.services.update_service(
                drawn.service_names[action.process_type],
                task_definition=action.task_definition,
                quantity=action.quantity,
                restart=action.restart,
            )
        case DeleteService(process_type):
            context.services.delete_service(drawn.service_names[process_type])
        case StopTask(arn):
            context.services.stop_task(arn, f"Asked for by operation #{drawn.lead_number}")


def _put_stack(context: Context, drawn: Blueprint, action: CreateStack | UpdateStack) -> None:
    body = app_stack.body(dict(drawn.template or {}))
    if faults := context.validate(body):
        raise InvalidTemplate("; ".join(faults))
    fingerprint = drawn.desired.template or ""
    put = context.stacks.create if isinstance(action, CreateStack) else context.stacks.update
    put(
        drawn.stack_name,
        body,
        tags={**drawn.tags, TEMPLATE_TAG: fingerprint},
        token=drawn.stack_token,
    )


def _put_config(context: Context, drawn: Blueprint) -> None:
    with context.sessions.begin() as session:
        app = session.get_one(App, drawn.app_id)
        values = config_versions.at(session, context.cipher, app, drawn.config_version)
    if values:
        context.secrets.put(drawn.config_arn, values, version_id=drawn.config_version_id)


def _register(context: Context, drawn: Blueprint, process_type: str, hold: Hold) -> None:
    definition = drawn.definitions[process_type]
    family = definition.arguments["family"]
    arn = context.services.registered(family, definition.fingerprint)
    if arn is None:
        arn = context.services.register(
            definition.arguments, definition.fingerprint, {"palatine:app": str(drawn.app_id)}
        )
    with context.sessions.begin() as session:
        hold.guard(session)
        app = session.get_one(App, drawn.app_id)
        observations.remember_definition(session, app, definition, arn)


def _deregister(context: Context, arn: str, hold: Hold) -> None:
    context.services.deregister(arn)
    with context.sessions.begin() as session:
        hold.guard(session)
        observations.forget_definition(session, arn)


def _create_service(context: Context, drawn: Blueprint, action: CreateService) -> None:
    process_type = action.process_type
    lead = drawn.lead.id if drawn.lead else drawn.app_id
    context.services.create_service(
        ServiceSpec(
            name=drawn.service_names[process_type],
            process_type=process_type,
            task_definition=action.task_definition,
            quantity=action.quantity,
            client_token=_client_token(lead, process_type),
            tags={**drawn.tags, "palatine:process-type": process_type},
            target_group=drawn.target_groups.get(process_type),
            grace_seconds=context.estate.grace_seconds,
        )
    )


def _client_token(operation_id: UUID, process_type: str) -> str:
    """36 characters, as CreateService takes at most; the same for every repeat."""
    return str(uuid5(operation_id, f"service/{process_type}"))
