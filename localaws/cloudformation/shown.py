"""How AWS shows a stack, its resources and its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.stack import Event, Revision, Stack

Shown = dict[str, Any]

_SUMMARY = (
    "StackId",
    "StackName",
    "CreationTime",
    "LastUpdatedTime",
    "DeletionTime",
    "StackStatus",
    "StackStatusReason",
    "DriftInformation",
)


def stack(it: Stack) -> Shown:
    shown: Shown = {
        "StackId": it.id,
        "StackName": it.name,
        "ChangeSetId": it.change_set or None,
        "Description": it.revision.template.description or None,
        "Parameters": _parameters(it),
        "CreationTime": it.created_at,
        "LastUpdatedTime": it.updated_at,
        "DeletionTime": it.deleted_at,
        "RollbackConfiguration": {},
        "StackStatus": it.status,
        "StackStatusReason": it.reason or None,
        "DisableRollback": it.disable_rollback,
        "DeploymentConfig": it.deployment or None,
        "NotificationARNs": [],
        "TimeoutInMinutes": it.timeout_minutes,
        "Capabilities": it.capabilities,
        "Outputs": _outputs(it),
        "RoleARN": it.role_arn or None,
        "Tags": [{"Key": k, "Value": v} for k, v in it.revision.tags.items()],
        "EnableTerminationProtection": it.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in shown.items() if value is not None}


def summary(it: Stack) -> Shown:
    whole = stack(it)
    return {name: whole[name] for name in _SUMMARY if name in whole} | {
        "TemplateDescription": it.revision.template.description
    }


def event(it: Stack, of: Event) -> Shown:
    shown: Shown = {
        "StackId": it.id,
        "StackName": it.name,
        "EventId": of.id,
        "LogicalResourceId": of.logical_id,
        "PhysicalResourceId": of.physical_id,
        "ResourceType": of.type,
        "Timestamp": of.at,
        "ResourceStatus": of.status,
        "ResourceStatusReason": of.reason or None,
        "ResourceProperties": of.properties,
        "ClientRequestToken": of.token or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def resource(it: Stack, of: Event) -> Shown:
    """Its last event, as DescribeStackResources and ListStackResources tell it."""
    shown: Shown = {
        "StackId": it.id,
        "StackName": it.name,
        "LogicalResourceId": of.logical_id,
        "PhysicalResourceId": of.physical_id,
        "ResourceType": of.type,
        "Timestamp": of.at,
        "LastUpdatedTimestamp": of.at,
        "ResourceStatus": of.status,
        "ResourceStatusReason": of.reason or None,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in shown.items() if value is not None}


def _parameters(it: Stack) -> list[Shown]:
    return [
        {
            "ParameterKey": name,
            "ParameterValue": value,
            **({"ResolvedValue": it.revision.resolved[name]} if name in resolved(it) else {}),
        }
        for name, value in given(it.revision).items()
    ]


def given(revision: Revision) -> dict[str, str]:
    """The parameters' values as anybody may see them."""
    declared = revision.template.parameters
    return {
        name: "****" if hidden(declared.get(name, {})) else value
        for name, value in revision.parameters.items()
    }


def resolved(it: Stack) -> set[str]:
    """Parameters whose looked-up value may be shown."""
    declared = it.revision.template.parameters
    return {name for name in it.revision.resolved if not hidden(declared.get(name, {}))}


def _outputs(it: Stack) -> list[Shown]:
    described = it.revision.template.outputs
    return [
        {"OutputKey": name, "OutputValue": value}
        | {k: v for k, v in described.get(name, {}).items() if k == "Description"}
        | ({"ExportName": it.exported[name]} if name in it.exported else {})
        for name, value in it.outputs.items()
    ]


def hidden(declared: Mapping[str, Any]) -> bool:
    """A parameter declared NoEcho."""
    return str(declared.get("NoEcho", "false")).lower() == "true"
