"""A resource that exists, and what a resource type must be able to do with it."""

from __future__ import annotations

import json
import random
import string
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from localaws.cloudformation import schema
from localaws.cloudformation.properties import Tree, tree
from localaws.cloudformation.schema import Schema
from localaws.world import World

_ALPHABET = string.ascii_letters + string.digits


@dataclass(slots=True)
class Resource:
    stack_name: str
    logical_id: str
    type: str
    properties: dict[str, Any] = field(default_factory=dict)  # resolved
    physical_id: str = ""  # set by its type as soon as there is something to delete
    attributes: dict[str, Any] = field(default_factory=dict)  # what Fn::GetAtt gives
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"
    stack_id: str = ""
    _told: tuple[dict[str, Any], str] | None = field(default=None, repr=False, compare=False)

    @property
    def properties_text(self) -> str:
        """One string for all events that tell of these properties."""
        if self._told is None or self._told[0] is not self.properties:
            self._told = (self.properties, json.dumps(self.properties))
        return self._told[1]

    def generated_name(self, limit: int) -> str:
        """For one that was given none: `stack-LogicalId-RANDOM`, cut to fit."""
        suffix = "".join(random.choices(_ALPHABET, k=12))  # noqa: S311 (a name, no secret)
        return f"{f'{self.stack_name}-{self.logical_id}'[: limit - 13]}-{suffix}"

    @property
    def system_tags(self) -> dict[str, str]:
        """Those that CloudFormation gives to what it makes."""
        return {
            "aws:cloudformation:stack-name": self.stack_name,
            "aws:cloudformation:logical-id": self.logical_id,
            "aws:cloudformation:stack-id": self.stack_id,
        }


class ResourceType(ABC):
    """Calls AWS's API as CloudFormation's handlers do; AwsError fails the resource."""

    name: ClassVar[str]
    modelled: ClassVar[tuple[str, ...]]  # paths of the schema's properties: what is below, too
    attributes: ClassVar[tuple[str, ...]] = ()  # of Fn::GetAtt
    named_by: ClassVar[str] = ""  # the property that is its own, unique name

    @property
    def schema(self) -> Schema:
        return schema.of(self.name)

    @cached_property
    def tree(self) -> Tree:
        return tree(self.modelled)

    @abstractmethod
    async def create(self, world: World, resource: Resource) -> None:
        """Sets `physical_id` (what Ref gives) as soon as it exists, and `attributes`."""

    @abstractmethod
    async def update(self, world: World, resource: Resource, before: Mapping[str, Any]) -> None:
        """From the properties `before` to those that the resource has now."""

    @abstractmethod
    async def delete(self, world: World, resource: Resource) -> None: ...

    async def stabilise(self, world: World, resource: Resource) -> None:  # noqa: B027 (most are)
        """Waits until it does what it is for; AwsError if it will not. EXPRESS does not ask."""

    async def gone(self, world: World, resource: Resource) -> None:  # noqa: B027 (as above)
        """Waits until nothing is left of what was deleted. EXPRESS does not ask."""

    def replaced_by(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Where only one of its kind can be at once, `update` makes the new one of the old."""
        return not self.schema.deleted_first and any(
            _at(before, path) != _at(after, path) for path in self.schema.create_only
        )

    def recreates(self, name: str) -> str:
        """Whether a change of this property, or of a part of it, replaces the resource."""
        if any(path.split("/")[0] == name for path in self.schema.create_only):
            return "Always"
        return "Conditionally" if name in self.schema.conditional else "Never"

    def tags_of(self, resource: Resource) -> list[dict[str, str]]:
        """What a new one is given: those of its properties, and CloudFormation's own."""
        system = resource.system_tags if self.schema.system_tags else {}
        own = list(resource.properties.get(self.schema.tags, []))
        return own + [{"Key": key, "Value": value} for key, value in system.items()]

    def tagged(self, properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """With the stack's tags, where it has tags; its own come first."""
        name = self.schema.tags
        if name not in self.tree:
            return properties
        if "items" not in self.schema.resolved(self.schema.members(self.schema.model)[name]):
            return properties | {name: dict(tags) | properties.get(name, {})}
        own = properties.get(name, [])
        known = {tag["Key"] for tag in own}
        more = [{"Key": k, "Value": v} for k, v in tags.items() if k not in known]
        return properties | {name: more + own}


def _at(properties: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 (a template's JSON)
    """`path` is a property's name, or names down to a part of it, by slashes."""
    found: Any = properties
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def picked(properties: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of these names that are given."""
    return {name: properties[name] for name in names if name in properties}


def tag_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[list[dict[str, str]], list[str]]:
    """Tags to set and keys to remove."""
    old = {tag["Key"]: tag["Value"] for tag in before.get("Tags", [])}
    new = {tag["Key"]: tag["Value"] for tag in after.get("Tags", [])}
    changed = [{"Key": k, "Value": v} for k, v in new.items() if old.get(k) != v]
    return changed, sorted(old.keys() - new.keys())
