"""A resource that exists, and what a resource type must be able to do with it."""

from __future__ import annotations

import random
import string
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from localaws.cloudformation.properties import Spec
from localaws.world import World

_ALPHABET = string.ascii_letters + string.digits


@dataclass
class Resource:
    stack_name: str
    logical_id: str
    type: str
    properties: dict[str, Any] = field(default_factory=dict)  # resolved
    physical_id: str = ""  # set by its type as soon as there is something to delete
    attributes: dict[str, Any] = field(default_factory=dict)  # what Fn::GetAtt gives
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"

    def generated_name(self, limit: int) -> str:
        """For one that was given none: `stack-LogicalId-RANDOM`, cut to fit."""
        suffix = "".join(random.choices(_ALPHABET, k=12))  # noqa: S311 (a name, no secret)
        return f"{f'{self.stack_name}-{self.logical_id}'[: limit - 13]}-{suffix}"


class ResourceType(ABC):
    """Calls AWS's API as CloudFormation's handlers do; AwsError fails the resource."""

    name: ClassVar[str]
    properties: ClassVar[Mapping[str, Spec]]
    required: ClassVar[frozenset[str]] = frozenset()
    create_only: ClassVar[frozenset[str]]  # a change of these replaces: the schema's list
    attributes: ClassVar[frozenset[str]]  # of Fn::GetAtt
    named_by: ClassVar[str]  # the property that is its own, unique name

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

    def replaced_by(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        return any(before.get(name) != after.get(name) for name in self.create_only)


def tag_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[list[dict[str, str]], list[str]]:
    """Tags to set and keys to remove."""
    old = {tag["Key"]: tag["Value"] for tag in before.get("Tags", [])}
    new = {tag["Key"]: tag["Value"] for tag in after.get("Tags", [])}
    changed = [{"Key": k, "Value": v} for k, v in new.items() if old.get(k) != v]
    return changed, sorted(old.keys() - new.keys())
