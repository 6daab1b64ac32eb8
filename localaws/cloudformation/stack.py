"""A stack: what it was asked to be, what exists of it, what happened to it, how AWS shows it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.clock import Clock
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.template import Template

STACK = "AWS::CloudFormation::Stack"
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_FAILED",
}
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

Shown = dict[str, Any]


@dataclass(frozen=True)
class Revision:
    """What one operation asks for."""

    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass
class Stack:
    id: str
    name: str
    clock: Clock
    revision: Revision
    created_at: datetime
    disable_rollback: bool = False
    capabilities: list[str] = field(default_factory=list)
    status: str = ""
    reason: str = ""
    token: str = ""  # of the operation that runs, or ran last
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    deletion_asked: bool = False
    outputs: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    events: list[Shown] = field(default_factory=list)  # oldest first
    states: dict[str, Shown] = field(default_factory=dict)  # the last of each logical id
    calls: dict[str, tuple[str, Shown]] = field(default_factory=dict)  # by client token

    def enter(self, status: str, reason: str = "") -> None:
        """A new status of the stack itself."""
        self.status, self.reason = status, reason
        self._record(self.name, self.id, STACK, status, reason)

    def record(self, resource: Resource, status: str, reason: str = "") -> None:
        """A new status of a resource; one that another has replaced no longer speaks for it."""
        shown = self._record(
            resource.logical_id, resource.physical_id, resource.type, status, reason
        )
        shown["ResourceProperties"] = json.dumps(resource.properties)
        current = self.resources.get(resource.logical_id)
        if (
            current is None
            or current.physical_id == resource.physical_id
            or not status.startswith("DELETE_")
        ):
            self.states[resource.logical_id] = shown

    def described(self) -> Shown:
        shown: Shown = {
            "StackId": self.id,
            "StackName": self.name,
            "Description": self.revision.template.description or None,
            "Parameters": self._parameters(),
            "CreationTime": self.created_at,
            "LastUpdatedTime": self.updated_at,
            "DeletionTime": self.deleted_at,
            "RollbackConfiguration": {},
            "StackStatus": self.status,
            "StackStatusReason": self.reason or None,
            "DisableRollback": self.disable_rollback,
            "NotificationARNs": [],
            "Capabilities": self.capabilities,
            "Outputs": self._outputs(),
            "Tags": [{"Key": k, "Value": v} for k, v in self.revision.tags.items()],
            "EnableTerminationProtection": False,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
        return {name: value for name, value in shown.items() if value is not None}

    def summary(self) -> Shown:
        shown = self.described()
        return {name: shown[name] for name in _SUMMARY if name in shown} | {
            "TemplateDescription": self.revision.template.description
        }

    def _record(
        self, logical_id: str, physical_id: str, kind: str, status: str, reason: str
    ) -> Shown:
        event = {
            "StackId": self.id,
            "StackName": self.name,
            "EventId": f"{logical_id}-{status}-{uuid.uuid4()}",
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": self.clock.now(),
            "ResourceStatus": status,
        }
        event |= {"ResourceStatusReason": reason} if reason else {}
        event |= {"ClientRequestToken": self.token} if self.token else {}
        self.events.append(event)
        return event

    def _parameters(self) -> list[Shown]:
        declared = self.revision.template.parameters
        return [
            {
                "ParameterKey": name,
                "ParameterValue": "****" if _secret(declared.get(name, {})) else value,
            }
            for name, value in self.revision.parameters.items()
        ]

    def _outputs(self) -> list[Shown]:
        described = self.revision.template.outputs
        return [
            {"OutputKey": name, "OutputValue": value}
            | {k: v for k, v in described.get(name, {}).items() if k == "Description"}
            for name, value in self.outputs.items()
        ]


def _secret(declared: Mapping[str, Any]) -> bool:
    return str(declared.get("NoEcho", "false")).lower() == "true"
