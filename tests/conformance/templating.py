"""The templates of `templates/`, the platform's own beside them, and what spoils a template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from tests.conformance.stacking import Json

FOLDER = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Template:
    """By its file's name."""

    name: str

    @cached_property
    def text(self) -> str:
        return (FOLDER / f"{self.name}.yaml").read_text()

    @property
    def types(self) -> set[str]:
        return {one["Type"] for one in resources(self.text).values()}


def resources(text: str) -> Json:
    document: Json = yaml.load(text, _Loader)
    return dict(document["Resources"])


def broken(text: str) -> str:
    """The same, with a resource that comes last and fails."""
    impossible = {
        "Type": "AWS::IAM::RolePolicy",
        "DependsOn": sorted(resources(text)),
        "Properties": {"RoleName": "nobody-has-this-role", "PolicyName": "none", **_NOTHING},
    }
    last = f'"Impossible": {json.dumps(impossible)}'
    if text.startswith("{"):
        return text.replace('"Resources":{', f'"Resources":{{{last},', 1)
    return text.replace("\nResources:\n", f"\nResources:\n  {last}\n", 1)


_DENIED = {"Effect": "Deny", "Action": "*", "Resource": "*"}
_NOTHING = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [_DENIED]}}


class _Loader(yaml.SafeLoader):
    """Short forms of functions are as good as absent: only the resources' types are asked for."""


_Loader.add_multi_constructor("!", lambda _, name, __: name)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))
