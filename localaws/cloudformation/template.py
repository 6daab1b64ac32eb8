"""A template, parsed and checked as far as can be before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localaws.cloudformation import source
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
RESOURCES_LIMIT = 500
PARAMETERS_LIMIT = OUTPUTS_LIMIT = MAPPINGS_LIMIT = 200

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Conditions",
    "Mappings",
    "Resources",
    "Outputs",
}
_RESOURCE = {
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
}
_PARAMETER = {"Type", "Default", "Description", "AllowedValues", "AllowedPattern", "NoEcho"}
_PARAMETER |= {"ConstraintDescription", "MinLength", "MaxLength", "MinValue", "MaxValue"}
_OUTPUT = {"Value", "Description", "Condition", "Export"}
_MEMBERS = {"Parameters", "Conditions", "Mappings", "Resources", "Outputs"}
_POLICIES = {
    "DeletionPolicy": {"Delete", "Retain", "RetainExceptOnCreate"},
    "UpdateReplacePolicy": {"Delete", "Retain"},
}
_NOT_MODELLED = {"Transform", "Rules", "Hooks"}  # of the sections that AWS has


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
    _check_form(template)
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


def _check_form(template: Template) -> None:
    unknown = template.document.keys() - _SECTIONS
    for name in sorted(unknown & _NOT_MODELLED):
        raise _refused(f"The section {name} is not modelled by the local AWS")
    if unknown:
        raise _refused(f"Invalid template property or properties [{', '.join(sorted(unknown))}]")
    for name in sorted(_SECTIONS & _MEMBERS):
        section = template.document.get(name, {})
        if not isinstance(section, dict) or not all(isinstance(m, dict) for m in section.values()):
            raise _malformed(f"every {name} member must be an object.")
    if not template.document.get("Resources"):
        raise _malformed("At least one Resources member must be defined.")
    _check_counts(template)
    _check_keys("Resources", template.resources, _RESOURCE)
    _check_keys("Parameters", template.parameters, _PARAMETER)
    _check_keys("Outputs", template.outputs, _OUTPUT)
    for name, output in template.outputs.items():
        if "Value" not in output:
            raise _malformed(f"Output {name} is malformed: it has no Value.")
        if "Export" in output and set(output["Export"] or ()) != {"Name"}:
            raise _malformed(f"Output {name} is malformed: its Export must have a Name.")


def _check_counts(template: Template) -> None:
    limits = (
        ("resources", template.resources, RESOURCES_LIMIT),
        ("parameters", template.parameters, PARAMETERS_LIMIT),
        ("mappings", template.mappings, MAPPINGS_LIMIT),
        ("outputs", template.outputs, OUTPUTS_LIMIT),
    )
    for name, members, limit in limits:
        if len(members) > limit:
            raise _malformed(
                f"Number of {name}, {len(members)}, is greater than maximum allowed, {limit}"
            )


def _check_keys(
    section: str, members: Mapping[str, Mapping[str, Any]], known: Iterable[str]
) -> None:
    for name, member in members.items():
        if not name.isalnum():
            raise _malformed(f"{section} name {name} is non alphanumeric.")
        unknown = sorted(member.keys() - known)
        if unknown:
            raise _refused(
                f"Invalid template {section.lower()[:-1]} property {unknown[0]!r} of {name}: "
                "it is unknown, or not modelled by the local AWS"
            )


def _check_types(template: Template) -> None:
    unknown = sorted({str(r.get("Type")) for r in template.resources.values()} - TYPES.keys())
    if unknown:
        raise _malformed(f"Unrecognized resource types: [{', '.join(unknown)}]")
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
                raise _malformed(f"{policy} of {name} must be one of {sorted(allowed)}.")


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
        raise _malformed(f"Unresolved condition dependency {lost[0]} in the template")


def _unresolved(names: Iterable[str], section: str) -> AwsError:
    return _malformed(
        f"Unresolved resource dependencies [{', '.join(sorted(names))}] in the {section} block "
        "of the template"
    )


def _malformed(sentence: str) -> AwsError:
    return _refused(f"Template format error: {sentence}")


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
