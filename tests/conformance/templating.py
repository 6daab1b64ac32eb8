"""The templates of `templates/`, with parameters of two steps, and one resource that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from tests.conformance.stacking import Json

FOLDER = Path(__file__).with_name("templates")
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Template:
    """By its file's name."""

    name: str

    @cached_property
    def text(self) -> str:
        return (FOLDER / f"{self.name}.yaml").read_text()

    @cached_property
    def resources(self) -> Json:
        document: Json = yaml.load(self.text, _Loader)
        return dict(document["Resources"])

    @property
    def types(self) -> set[str]:
        return {one["Type"] for one in self.resources.values()}

    @property
    def broken(self) -> str:
        """The same, with a resource that comes last and fails."""
        first, found, rest = self.text.partition("\nResources:\n")
        assert found
        return first + found + _NO_ROLE.format(all=", ".join(sorted(self.resources))) + rest


_NO_ROLE = """
  Impossible:
    Type: AWS::IAM::RolePolicy
    DependsOn: [{all}]
    Properties:
      RoleName: nobody-has-this-role
      PolicyName: none
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Action: "*"
            Resource: "*"
"""


class _Loader(yaml.SafeLoader):
    """Short forms of functions are as good as absent: only the resources' types are asked for."""


_Loader.add_multi_constructor("!", lambda _, name, __: name)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def given(parameters: Parameters) -> list[dict[str, str]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
