"""A template's parameters: what was given, what is kept from before, what is the default."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from localaws.cloudformation.template import Template
from localaws.wire import AwsError


def settle(
    template: Template, given: Iterable[Mapping[str, Any]], previous: Mapping[str, str]
) -> dict[str, str]:
    """Every parameter of the template with its value; AwsError where there is none."""
    asked = {one["ParameterKey"]: _asked(one, previous) for one in given}
    unknown = sorted(asked.keys() - template.parameters.keys())
    if unknown:
        raise _refused(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    defaults = {
        name: str(declared["Default"])
        for name, declared in template.parameters.items()
        if "Default" in declared
    }
    missing = [n for n in template.parameters if n not in asked and n not in defaults]
    if missing:
        raise _refused(f"Parameters: [{', '.join(missing)}] must have values")
    settled = {name: asked.get(name, defaults.get(name, "")) for name in template.parameters}
    for name, value in settled.items():
        _check(name, value, template.parameters[name])
    return settled


def typed(value: str, declared: Mapping[str, Any]) -> str | list[str]:
    """As Ref sees it."""
    kind = str(declared.get("Type", "String"))
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [member.strip() for member in value.split(",")]
    return value


def _asked(one: Mapping[str, Any], previous: Mapping[str, str]) -> str:
    name = one["ParameterKey"]
    if not one.get("UsePreviousValue"):
        return str(one.get("ParameterValue", ""))
    if name not in previous:
        raise _refused(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue "
            "as true for a parameter key not in the previous template"
        )
    return previous[name]


def _check(name: str, value: str, declared: Mapping[str, Any]) -> None:
    allowed = [str(member) for member in declared.get("AllowedValues", [])]
    if allowed and value not in allowed:
        raise _refused(
            f"Parameter {name} failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(allowed)}]"
        )
    pattern = declared.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        raise _refused(
            f"Parameter {name} failed to satisfy constraint: "
            + str(declared.get("ConstraintDescription", f"must match {pattern}"))
        )
    if declared.get("Type") == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        raise _refused(f"Parameter {name} must be a number")


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
