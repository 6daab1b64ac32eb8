"""A template, parsed and checked as far as can be before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localaws.cloudformation import form, source
from localaws.cloudformation.intrinsics import conditions, references
from localaws.cloudformation.properties import problems, unmodelled
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError

PSEUDO = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
_POLICIES = {
    "DeletionPolicy": {"Delete", "Retain", "RetainExceptOnCreate"},
    "UpdateReplacePolicy": {"Delete", "Retain"},
}


@dataclass(frozen=True)
class Template:
    body: str
    document: Mapping[str, Any]

    @property
    def description(self) -> str:
        return str(self.document.get("Description", ""))

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return dict(self.document["Resources"])

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self._section("Parameters")

    @property
    def conditions(self) -> dict[str, dict[str, Any]]:
        return self._section("Conditions")

    @property
    def mappings(self) -> dict[str, dict[str, Any]]:
        return self._section("Mappings")

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        return self._section("Outputs")

    @cached_property
    def order(self) -> list[str]:
        """Logical ids, each after everything it refers to or depends on."""
        graph = {name: needs(resource) for name, resource in self.resources.items()}
        known = {name: sorted(needed & graph.keys()) for name, needed in graph.items()}
        try:
            return list(TopologicalSorter(known).static_order())
        except CycleError as error:
            names = ", ".join(sorted(set(error.args[1])))
            raise _refused(f"Circular dependency between resources: [{names}]") from error

    def _section(self, name: str) -> dict[str, dict[str, Any]]:
        return dict(self.document.get(name, {}))


def parse(body: str) -> Template:
    template = Template(body, source.load(body))
    form.check(template.document)
    _check_types(template)
    _check_references(template)
    _check_conditions(template)
    _ = template.order
    return template


def needed_by(template: Template, logical_id: str) -> set[str]:
    """What must be there before it; empty for one that the template does not have."""
    declared = template.resources.get(logical_id)
    return needs(declared) if declared else set()


def needs(resource: Mapping[str, Any]) -> set[str]:
    named = resource.get("DependsOn", [])
    explicit = {named} if isinstance(named, str) else set(named)
    return explicit | {found.name for found in references(resource.get("Properties", {}))}


def _check_types(template: Template) -> None:
    unknown = sorted({str(r.get("Type")) for r in template.resources.values()} - TYPES.keys())
    if unknown:
        raise form.malformed(f"Unrecognized resource types: [{', '.join(unknown)}]")
    for name, resource in template.resources.items():
        kind, given = TYPES[resource["Type"]], resource.get("Properties", {})
        if found := list(problems(given, kind.schema)):
            raise _refused(
                f"Properties validation failed for resource {name} with message: "
                f"[{', '.join(found)}]"
            )
        for path in unmodelled(given, kind.schema, kind.tree):
            sentence = f"{kind.name}: {path} of {name} is not modelled by the local AWS"
            raise AwsError("UnsupportedOperation", sentence, status=501)
        for policy, allowed in _POLICIES.items():
            if resource.get(policy, "Delete") not in allowed:
                raise form.malformed(f"{policy} of {name} must be one of {sorted(allowed)}.")


def _check_references(template: Template) -> None:
    names = template.resources.keys() | template.parameters.keys() | PSEUDO
    for resource in template.resources.values():
        lost = needs(resource) - names
        if lost:
            raise _unresolved(lost, "Resources")
        _check_attributes(template, resource.get("Properties", {}))
    for output in template.outputs.values():
        lost = {found.name for found in references(output["Value"])} - names
        if lost:
            raise _unresolved(lost, "Outputs")
        _check_attributes(template, output["Value"])


def _check_attributes(template: Template, value: object) -> None:
    for found in references(value):
        resource = template.resources.get(found.name)
        if not found.attribute:
            continue
        if resource is None:
            raise _refused(
                f"Template error: instance of Fn::GetAtt references undefined resource {found.name}"
            )
        if found.attribute not in TYPES[resource["Type"]].attributes:
            raise _refused(
                f"Template error: resource {found.name} does not support attribute type "
                f"{found.attribute} in Fn::GetAtt"
            )


def _check_conditions(template: Template) -> None:
    asked = {name for m in template.conditions.values() for name in conditions(m)}
    for member in (*template.resources.values(), *template.outputs.values()):
        asked |= {member["Condition"]} if "Condition" in member else set()
        asked |= set(conditions([member.get("Properties"), member.get("Value")]))
    lost = sorted(asked - template.conditions.keys())
    if lost:
        raise form.malformed(f"Unresolved condition dependency {lost[0]} in the template")


def _unresolved(names: Iterable[str], section: str) -> AwsError:
    return form.malformed(
        f"Unresolved resource dependencies [{', '.join(sorted(names))}] in the {section} block "
        "of the template"
    )


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
