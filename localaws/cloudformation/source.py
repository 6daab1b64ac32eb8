"""A template's text: JSON, or YAML with the short forms of the intrinsic functions."""

import json
import sys
from typing import Any

import yaml

from localaws.wire import AwsError

LIMIT = 51_200  # bytes, for a template in the request itself


def check_size(text: str) -> None:
    if len(text.encode()) > LIMIT:
        raise AwsError(
            "ValidationError",
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LIMIT}",
        )


def load(text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        return _object(_json(text))
    return _object(_yaml(text))


def _json(text: str) -> Any:  # noqa: ANN401 (whatever was sent)
    try:
        return json.loads(text)
    except ValueError as error:
        raise AwsError(
            "ValidationError", f"Template format error: JSON not well-formed. ({error})"
        ) from error


def _yaml(text: str) -> Any:  # noqa: ANN401 (whatever was sent)
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        where = str(error).replace("\n", " ")
        raise AwsError(
            "ValidationError", f"Template format error: YAML not well-formed. ({where})"
        ) from error


def _object(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise AwsError("ValidationError", "Template format error: unsupported structure.")
    return {_word(name): _shared(member) for name, member in document.items()}


def _shared(part: Any) -> Any:  # noqa: ANN401 (a template's JSON)
    """The same, of words that all templates have in common: hundreds say the same ones."""
    match part:
        case dict():
            return {_word(name): _shared(member) for name, member in part.items()}
        case list():
            return [_shared(member) for member in part]
        case _:
            return _word(part)


def _word(said: Any) -> Any:  # noqa: ANN401 (as above)
    return sys.intern(said) if type(said) is str else said


class _Loader(yaml.SafeLoader):
    """`!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`; dates stay the strings they were."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            sentence = "YAML aliases are not allowed in CloudFormation templates"
            raise AwsError("ValidationError", f"Template error: {sentence}")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    key = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if isinstance(node, yaml.MappingNode):
        return {key: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    text = str(node.value)
    return {key: text.split(".", 1) if name == "GetAtt" else text}


_Loader.add_multi_constructor("!", _short_form)
