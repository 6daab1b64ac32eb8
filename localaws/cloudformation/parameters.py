"""A template's parameters: what was given, what is kept from before, what is the default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from localaws.cloudformation.template import Template
from localaws.wire import AwsError
from localaws.world import World

_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
TYPES = {
    "String",
    "Number",
    "List<Number>",
    "CommaDelimitedList",
    "AWS::SSM::Parameter::Name",
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::Volume::Id",
    "AWS::EC2::VPC::Id",
    "AWS::Route53::HostedZone::Id",
}


def check_declared(declared: Mapping[str, Mapping[str, Any]]) -> None:
    """The types of parameters that a template declares."""
    for name, one in declared.items():
        kind = str(one.get("Type", ""))
        if not kind:
            raise _refused(
                "Template format error: Every Parameters object must contain a Type member."
            )
        if _plain(_looked_up(kind) or kind) not in TYPES:
            raise _refused(f"Template format error: Unrecognized parameter type: {kind} of {name}")


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


async def look_up(world: World, template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """The values that SSM has for those parameters that name one of its own; AwsError."""
    found = {}
    for name, declared in template.parameters.items():
        kind = _looked_up(str(declared.get("Type", "")))
        if not kind:
            continue
        try:
            parameter = await _kept(world, values[name])
        except AwsError as error:
            raise _refused(
                f"Unable to fetch parameters [{values[name]}] from parameter store for this "
                "account."
            ) from error
        _check_kept(values[name], parameter["Type"], kind)
        value = str(parameter["Value"])
        found[name] = ",".join(_members(value)) if _many(kind) else value
    return found


async def check_names(world: World, template: Template, values: Mapping[str, str]) -> None:
    """Behind the call, whether there is what SSM is only to have; AwsError."""
    for name, declared in template.parameters.items():
        if declared.get("Type") == "AWS::SSM::Parameter::Name":
            try:
                await _kept(world, values[name])
            except AwsError as error:
                raise _refused(
                    f"Parameter validation failed: parameter value {values[name]} for parameter "
                    f"name {name} does not exist"
                ) from error


async def _kept(world: World, name: str) -> dict[str, Any]:
    return dict((await world.aws.call("ssm", "GetParameter", {"Name": name}))["Parameter"])


def _check_kept(name: str, kept: str, asked: str) -> None:
    """The type that SSM keeps counts, not what the value looks like."""
    if kept == "SecureString":
        raise _refused(
            f"Parameters [{name}] referenced by template have types not supported by "
            "CloudFormation."
        )
    if _many(asked) != (kept == "StringList"):
        raise _refused(
            f"Types for SSM parameters [{name}] defined in CFN template and SSM are incompatible"
        )


def typed(value: str, declared: Mapping[str, Any]) -> str | list[str]:
    """As Ref sees it."""
    kind = str(declared.get("Type", "String"))
    kind = _looked_up(kind) or kind
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return _members(value)
    return value


def _members(value: str) -> list[str]:
    return [member.strip() for member in value.split(",")]


def _looked_up(kind: str) -> str:
    """The type of the value that SSM keeps, or an empty string."""
    found = _SSM_VALUE.fullmatch(kind)
    return found[1] if found else ""


def _plain(kind: str) -> str:
    """Of List<AWS::EC2::Subnet::Id> its members' type; List<String> is SSM's alone."""
    if kind in ("List<Number>", "List<String>"):
        return "String"
    return kind[5:-1] if kind.startswith("List<AWS::") else kind


def _asked(one: Mapping[str, Any], previous: Mapping[str, str]) -> str:
    name = one["ParameterKey"]
    if not one.get("UsePreviousValue"):
        return str(one.get("ParameterValue", ""))
    if one.get("ParameterValue"):
        raise _refused(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true and "
            "non empty value for a parameter"
        )
    if name not in previous:
        raise _refused(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue "
            "as true for a parameter key not in the previous template"
        )
    return previous[name]


def _check(name: str, value: str, declared: Mapping[str, Any]) -> None:
    kind = declared.get("Type")
    numbers = value.split(",") if kind == "List<Number>" else [value] * (kind == "Number")
    if not all(_NUMBER.fullmatch(one.strip()) for one in numbers):
        raise _refused(f"Parameter validation failed: parameter {name} must be a number")
    allowed = [str(member) for member in declared.get("AllowedValues", [])]
    members = _members(value) if _many(kind) else [value]
    if allowed and not set(members) <= set(allowed):
        raise _constrained(name, declared, "must be one of AllowedValues")
    pattern = str(declared.get("AllowedPattern", ""))
    if pattern and not re.fullmatch(pattern, value):
        raise _constrained(name, declared, f"must match pattern {pattern}")
    _check_bounds(name, value, declared)


def _check_bounds(name: str, value: str, declared: Mapping[str, Any]) -> None:
    size, least, most = float(len(value)), "MinLength", "MaxLength"
    words = "must contain at least {} characters", "must contain at most {} characters"
    if declared.get("Type") == "Number":
        size, least, most = float(value), "MinValue", "MaxValue"
        words = "must be a number not less than {}", "must be a number not greater than {}"
    if least in declared and size < float(declared[least]):
        raise _constrained(name, declared, words[0].format(declared[least]))
    if most in declared and size > float(declared[most]):
        raise _constrained(name, declared, words[1].format(declared[most]))


def _many(kind: object) -> bool:
    return str(kind) == "CommaDelimitedList" or str(kind).startswith("List<")


def _constrained(name: str, declared: Mapping[str, Any], sentence: str) -> AwsError:
    if said := declared.get("ConstraintDescription"):
        sentence = f"failed to satisfy constraint: {said}"
    return _refused(f"Parameter '{name}' {sentence}")


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
