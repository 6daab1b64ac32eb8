"""A change set, and what the operation it stands for would change. Pure.

Follows the user guide's "Example change sets for CloudFormation stacks": what is known when the
change set is made is Static; what depends on a resource that will change is Dynamic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.cloudformation import change_values
from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.intrinsics import references
from localaws.cloudformation.resource import Resource, ResourceType
from localaws.cloudformation.stack import Revision, Stack
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError

Shown = dict[str, Any]
NOTHING = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)


@dataclass
class ChangeSet:
    arn: str
    name: str
    kind: str  # CREATE, UPDATE
    created_at: datetime
    revision: Revision
    description: str = ""
    capabilities: list[str] = field(default_factory=list)
    on_failure: str = ""  # DELETE, DO_NOTHING, ROLLBACK; empty: the default
    deployment: Shown = field(default_factory=dict)  # the DeploymentConfig
    token: str = ""
    status: str = "CREATE_PENDING"
    reason: str = ""
    execution: str = "UNAVAILABLE"
    changes: list[Shown] = field(default_factory=list)


def executed(stack: Stack) -> None:
    """The operation of the change set that was carried out has ended."""
    for one in stack.change_sets.values():
        if one.execution == "EXECUTE_IN_PROGRESS":
            good = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
            one.execution = "EXECUTE_COMPLETE" if good else "EXECUTE_FAILED"


def overtaken(stack: Stack) -> None:
    """By an update that no change set stands for: what was found out is no longer true."""
    for one in stack.change_sets.values():
        if one.execution == "AVAILABLE":
            one.execution = "OBSOLETE"


def summary(stack: Stack, one: ChangeSet) -> Shown:
    shown: Shown = {
        "ChangeSetName": one.name,
        "ChangeSetId": one.arn,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": one.description or None,
        "CreationTime": one.created_at,
        "ExecutionStatus": one.execution,
        "Status": one.status,
        "StatusReason": one.reason or None,
        "IncludeNestedStacks": False,
    }
    return {name: value for name, value in shown.items() if value is not None}


@dataclass(frozen=True)
class Comparison:
    """Of what a stack has with what a revision asks."""

    previous: Revision | None
    wanted: Evaluation
    have: Mapping[str, Resource]

    def changes(self) -> list[Shown]:
        """As DescribeChangeSet shows them, additions and modifications in the order of work."""
        moved: dict[str, bool] = {}  # logical ids that change: whether they may be replaced
        found = []
        order = self.wanted.order
        for logical_id in order:
            if logical_id not in self.have:
                found.append(self._added(logical_id))
                moved[logical_id] = True
            elif shown := self._modified(logical_id, moved):
                found.append(shown)
                moved[logical_id] = shown["ResourceChange"]["Replacement"] != "False"
        found += [_removed(r) for name, r in self.have.items() if name not in order]
        return found

    def _added(self, logical_id: str) -> Shown:
        kind = self.wanted.revision.template.resources[logical_id]["Type"]
        change = {"Action": "Add", "LogicalResourceId": logical_id, "ResourceType": kind}
        change |= change_values.contexts(None, self._resolved(logical_id))
        return {"Type": "Resource", "ResourceChange": change | {"Scope": [], "Details": []}}

    def _modified(self, logical_id: str, moved: Mapping[str, bool]) -> Shown | None:
        have = self.have[logical_id]
        details = list(self._details(logical_id, have, moved))
        if not details:
            return None
        replacement = _replacement(details)
        change: Shown = {
            "Action": "Modify",
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": have.physical_id,
            "ResourceType": have.type,
            "Replacement": replacement,
            "Scope": sorted({detail["Target"]["Attribute"] for detail in details}),
            "Details": details,
            **change_values.contexts(have.properties, self._resolved(logical_id)),
        }
        if replacement == "True":
            retain = have.replace_policy == "Retain"
            change["PolicyAction"] = "ReplaceAndRetain" if retain else "ReplaceAndDelete"
        return {"Type": "Resource", "ResourceChange": change}

    def _details(
        self, logical_id: str, have: Resource, moved: Mapping[str, bool]
    ) -> Iterator[Shown]:
        kind = TYPES[have.type]
        now = self._resolved(logical_id)
        before, after = self._declared(logical_id)
        for name in sorted({*have.properties, *now, *after}):
            causes = list(_moving(after.get(name), moved))
            value = change_values.UNKNOWN if causes else now.get(name)
            target = _target(kind, name)
            target |= change_values.of(name, have.properties.get(name), value)
            if causes:
                yield from (_detail(target, "Dynamic", *cause) for cause in causes)
            elif have.properties.get(name) == now.get(name):
                continue
            elif before.get(name) != after.get(name):
                yield _detail(target, "Static", "DirectModification")
            else:
                yield from self._by_parameter(target, after.get(name))

    def _by_parameter(self, target: Shown, expression: object) -> Iterator[Shown]:
        """The template says the same: what it says it of has changed."""
        named = [r.name for r in references(expression) if self._parameter_changed(r.name)]
        for name in dict.fromkeys(named):
            yield _detail(target, "Static", "ParameterReference", name)
        if not named:  # a condition, a mapping, an export or the stack's tags
            yield _detail(target, "Static", "DirectModification")

    def _parameter_changed(self, name: str) -> bool:
        now, before = self.wanted.revision, self.previous
        if name not in now.parameters:
            return False
        return before is None or now.value(name) != (
            before.value(name) if name in before.parameters else None
        )

    def _resolved(self, logical_id: str) -> Mapping[str, Any]:
        """As far as is known: what cannot be resolved yet is left as it stands."""
        try:
            return self.wanted.properties(logical_id)
        except AwsError:
            have = self.have.get(logical_id)
            return have.properties if have else self._declared(logical_id)[1]

    def _declared(self, logical_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        old = self.previous.template.resources if self.previous else {}
        new = self.wanted.revision.template.resources
        before: Mapping[str, Any] = old.get(logical_id, {}).get("Properties", {})
        after: Mapping[str, Any] = new[logical_id].get("Properties", {})
        return before, after


def _moving(expression: object, moved: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    """References to what changes: its id if it may be replaced, its attributes in any case."""
    for found in references(expression):
        if found.name in moved and found.attribute:
            yield "ResourceAttribute", f"{found.name}.{found.attribute}"
        elif moved.get(found.name):
            yield "ResourceReference", found.name


def _target(kind: ResourceType, name: str) -> Shown:
    if name == kind.schema.tags:
        return {"Attribute": "Tags", "RequiresRecreation": "Never"}
    recreates = kind.recreates(name)
    return {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreates}


def _detail(target: Shown, evaluation: str, source: str, cause: str = "") -> Shown:
    detail: Shown = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return detail | ({"CausingEntity": cause} if cause else {})


def _replacement(details: list[Shown]) -> str:
    recreates = {(d["Target"].get("RequiresRecreation", "Never"), d["Evaluation"]) for d in details}
    if ("Always", "Static") in recreates:
        return "True"
    return "Conditional" if {kind for kind, _ in recreates} - {"Never"} else "False"


def _removed(resource: Resource) -> Shown:
    retains = resource.deletion_policy in ("Retain", "RetainExceptOnCreate")
    change: Shown = {
        "PolicyAction": "Retain" if retains else "Delete",
        "Action": "Remove",
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
        **change_values.contexts(resource.properties, None),
    }
    return {"Type": "Resource", "ResourceChange": change}
