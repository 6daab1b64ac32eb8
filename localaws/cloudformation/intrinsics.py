"""The intrinsic functions: what a value refers to, and what it comes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.cloudformation import functions
from localaws.wire import AwsError

Value = Any  # a template's JSON

NO_VALUE = object()
FUNCTIONS = {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::If"}
FUNCTIONS |= {"Fn::Base64", "Fn::Cidr", "Fn::FindInMap", "Fn::GetAZs", "Fn::ImportValue"}

_PLACE = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass(frozen=True)
class Reference:
    name: str
    attribute: str = ""  # empty for Ref


def function(value: Value) -> str:
    """The intrinsic function that the value is a call of, or an empty string."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if name == "Ref" or name.startswith("Fn::"):
            return str(name)
    return ""


def listed(parameter_type: str) -> bool:
    """Whether Ref gives a list, of a parameter of this type."""
    kind = parameter_type.removeprefix("AWS::SSM::Parameter::Value<")
    return kind.startswith(("List<", "CommaDelimitedList"))


def references(value: Value) -> Iterator[Reference]:
    """Every Ref and GetAtt in it, also those inside Fn::Sub; unknown functions are refused."""
    match function(value):
        case "Ref":
            yield Reference(str(value["Ref"]))
        case "Fn::GetAtt":
            yield _get_att(value["Fn::GetAtt"])
        case "Fn::Sub":
            text, names = _sub(value["Fn::Sub"])
            yield from (r for r in _places(text) if r.attribute or r.name not in names)
            yield from references(names)
        case "":
            inner = value.values() if isinstance(value, dict) else value
            if isinstance(value, dict | list):
                for member in inner:
                    yield from references(member)
        case name if name in FUNCTIONS:
            yield from references(value[name])
        case name:
            raise _error(f"{name} is not modelled by the local AWS")


def imports(value: Value) -> Iterator[Value]:
    """The names that Fn::ImportValue asks for, unresolved."""
    if function(value) == "Fn::ImportValue":
        yield value["Fn::ImportValue"]
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for member in inner:
            yield from imports(member)


def conditions(value: Value) -> Iterator[str]:
    """The names of the conditions that it asks, by Fn::If or by Condition."""
    match value:
        case {"Fn::If": [str(name), *branches]}:
            yield name
            yield from conditions(branches)
        case {"Condition": str(name)} if len(value) == 1:
            yield name
        case dict():
            yield from conditions(list(value.values()))
        case list():
            for member in value:
                yield from conditions(member)


@dataclass(frozen=True)
class Resolver:
    """Look-ups come from outside: parameters, resources, conditions, exports, mappings."""

    ref: Callable[[str], Value]
    get_att: Callable[[str, str], Value]
    condition: Callable[[str], bool]
    exported: Callable[[str], str]
    mappings: Mapping[str, Value]
    region: str

    def resolve(self, value: Value) -> Value:
        name = function(value)
        if name:
            return self._call(name, value[name])
        if isinstance(value, dict):
            pairs = ((key, self.resolve(member)) for key, member in value.items())
            return {key: member for key, member in pairs if member is not NO_VALUE}
        if isinstance(value, list):
            return [m for m in map(self.resolve, value) if m is not NO_VALUE]
        return value

    def holds(self, value: Value) -> bool:
        """A condition function."""
        match value:
            case {"Fn::Equals": [left, right]}:
                return text(self.resolve(left)) == text(self.resolve(right))
            case {"Fn::And": [*all_of]}:
                return all(self.holds(one) for one in all_of)
            case {"Fn::Or": [*any_of]}:
                return any(self.holds(one) for one in any_of)
            case {"Fn::Not": [one]}:
                return not self.holds(one)
            case {"Condition": str(name)}:
                return self.condition(name)
        raise _error("a condition is Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")

    def _call(self, name: str, value: Value) -> Value:
        match name, value:
            case "Ref", str():
                return NO_VALUE if value == "AWS::NoValue" else self.ref(value)
            case "Fn::GetAtt", _:
                found = _get_att(value)
                return self.get_att(found.name, found.attribute)
            case "Fn::Sub", _:
                return self._substitute(*_sub(value))
            case "Fn::Join", [str(by), members]:
                return by.join(text(member) for member in self._list(name, members))
            case "Fn::Split", [str(by), joined]:
                return text(self.resolve(joined)).split(by)
            case "Fn::Select", [index, members]:
                return self._select(int(self.resolve(index)), self._list(name, members))
            case "Fn::If", [str(condition), then, otherwise]:
                return self.resolve(then if self.condition(condition) else otherwise)
            case "Fn::FindInMap", [name, first, second]:
                keys = (text(self.resolve(key)) for key in (name, first, second))
                return functions.find_in_map(self.mappings, *keys)
            case "Fn::ImportValue", _:
                return self.exported(text(self.resolve(value)))
            case "Fn::Base64", _:
                return functions.base64(text(self.resolve(value)))
            case "Fn::GetAZs", _:
                return functions.zones(text(self.resolve(value)) or self.region)
            case "Fn::Cidr", [block, count, *bits]:
                asked = [int(text(self.resolve(one))) for one in (count, *(bits or [8]))]
                return functions.cidr(text(self.resolve(block)), *asked)
        raise _error(f"{name} has the wrong form")

    def _substitute(self, template: str, names: Mapping[str, Value]) -> str:
        def place(found: re.Match[str]) -> str:
            literal, inside = found.groups()
            if literal:
                return f"${{{inside}}}"
            name, _, attribute = inside.strip().partition(".")
            if inside.strip() in names:
                return text(self.resolve(names[inside.strip()]))
            return text(self.get_att(name, attribute) if attribute else self.ref(name))

        return _PLACE.sub(place, template)

    def _list(self, name: str, value: Value) -> list[Value]:
        found = self.resolve(value)
        if not isinstance(found, list):
            raise _error(f"{name} requires a list")
        return found

    def _select(self, index: int, members: list[Value]) -> Value:
        if not 0 <= index < len(members):
            raise _error(f"Fn::Select cannot select nonexistent value at index {index}")
        return members[index]


def text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _get_att(value: Value) -> Reference:
    match value:
        case [str(name), str(attribute)]:
            return Reference(name, attribute)
        case str() if "." in value:
            return Reference(*value.split(".", 1))
    raise _error("Fn::GetAtt takes a resource and an attribute")


def _sub(value: Value) -> tuple[str, dict[str, Value]]:
    match value:
        case str():
            return value, {}
        case [str(template), dict(names)]:
            return template, names
    raise _error("Fn::Sub takes a string, or a string and a map")


def _places(template: str) -> Iterator[Reference]:
    for literal, inside in _PLACE.findall(template):
        if not literal:
            name, _, attribute = inside.strip().partition(".")
            yield Reference(name, attribute)


def _error(sentence: str) -> AwsError:
    return AwsError("ValidationError", f"Template error: {sentence}")
