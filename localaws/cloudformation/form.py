"""The form of a template: its sections, how many members they have, and what these may say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.cloudformation.intrinsics import function, listed
from localaws.wire import AwsError

RESOURCES_LIMIT = 500
VERSION, DESCRIPTION_LIMIT = "2010-09-09", 1024
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
_NOT_MODELLED = {"Transform", "Rules", "Hooks"}  # of the sections that AWS has


def check(document: Mapping[str, Any]) -> None:
    """Raises AwsError."""
    unknown = document.keys() - _SECTIONS
    for name in sorted(unknown & _NOT_MODELLED):
        raise _refused(f"The section {name} is not modelled by the local AWS")
    if unknown:
        raise _refused(f"Invalid template property or properties [{', '.join(sorted(unknown))}]")
    for name in sorted(_SECTIONS & _MEMBERS):
        section = document.get(name, {})
        if not isinstance(section, dict) or not all(isinstance(m, dict) for m in section.values()):
            raise malformed(f"every {name} member must be an object.")
    if not document.get("Resources"):
        raise malformed("At least one Resources member must be defined.")
    _check_head(document)
    _check_counts(document)
    _check_keys("Resources", document["Resources"], _RESOURCE)
    _check_keys("Parameters", document.get("Parameters", {}), _PARAMETER)
    _check_keys("Outputs", document.get("Outputs", {}), _OUTPUT)
    for name, output in document.get("Outputs", {}).items():
        _check_output(name, output, document.get("Parameters", {}))


def _check_head(document: Mapping[str, Any]) -> None:
    version = document.get("AWSTemplateFormatVersion", VERSION)
    if str(version) != VERSION:
        raise malformed(f"{version} is not a supported value for AWSTemplateFormatVersion.")
    if len(str(document.get("Description", ""))) > DESCRIPTION_LIMIT:
        raise malformed(f"'Description' length is greater than {DESCRIPTION_LIMIT}.")


def _check_output(name: str, output: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """A text, as far as can be seen before anything is done."""
    if "Value" not in output:
        raise malformed(f"Output {name} is malformed: it has no Value.")
    if "Export" in output and set(output["Export"] or ()) != {"Name"}:
        raise malformed(f"Output {name} is malformed: its Export must have a Name.")
    value, kind = output["Value"], ""
    match value:
        case list() | {"Fn::Split": _} | {"Fn::GetAZs": _} | {"Fn::Cidr": _}:
            kind = "List"
        case {"Ref": str(named)} if listed(str(parameters.get(named, {}).get("Type", ""))):
            kind = "List"
        case dict() if not function(value):
            kind = "Map"
    if kind:
        sentence = "The Value field of every Outputs member must evaluate to a String"
        raise malformed(f"{sentence} and not a {kind}.")


def _check_counts(document: Mapping[str, Any]) -> None:
    limits = (
        ("Resources", RESOURCES_LIMIT),
        ("Parameters", PARAMETERS_LIMIT),
        ("Mappings", MAPPINGS_LIMIT),
        ("Outputs", OUTPUTS_LIMIT),
    )
    for name, limit in limits:
        if (count := len(document.get(name, {}))) > limit:
            raise malformed(
                f"Number of {name.lower()}, {count}, is greater than maximum allowed, {limit}"
            )


def _check_keys(
    section: str, members: Mapping[str, Mapping[str, Any]], known: Iterable[str]
) -> None:
    for name, member in members.items():
        if not name.isalnum():
            raise malformed(f"{section} name {name} is non alphanumeric.")
        unknown = sorted(member.keys() - known)
        if unknown:
            raise _refused(
                f"Invalid template {section.lower()[:-1]} property {unknown[0]!r} of {name}: "
                "it is unknown, or not modelled by the local AWS"
            )


def malformed(sentence: str) -> AwsError:
    return _refused(f"Template format error: {sentence}")


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
