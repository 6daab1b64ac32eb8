"""What a resource type's public schema says: properties, what replaces, what GetAtt gives.

Read from `schemas/` when a template first names the type, and shared by all its resources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Node = Mapping[str, Any]  # a property: its type, its constraints, what is in it

_FOLDER = Path(__file__).with_name("schemas")


@dataclass(frozen=True)
class Schema:
    """Paths are names down to a part of a property, by slashes; lists add nothing to them."""

    model: Node
    definitions: Mapping[str, Node]
    create_only: frozenset[str]
    conditional: frozenset[str]  # replaces only in some cases
    read_only: frozenset[str]
    attributes: frozenset[str]
    tags: str  # the property that holds them, if there is one
    system_tags: bool  # CloudFormation adds its own, of the prefix aws:
    deleted_first: bool  # where two of its kind cannot be at once

    def resolved(self, node: Node) -> Node:
        return self.definitions[node["$ref"]] if "$ref" in node else node

    def members(self, node: Node) -> Mapping[str, Node]:
        """An object's properties; none where anything goes."""
        found: Mapping[str, Node] = self.resolved(node).get("properties", {})
        return found

    def has(self, path: str) -> bool:
        return self._find(self.model, path.split("/")) is not None

    def node(self, path: str) -> Node:
        found = self._find(self.model, path.split("/"))
        if found is None:
            raise KeyError(path)
        return found

    def _find(self, node: Node, names: list[str]) -> Node | None:
        node = self.resolved(node)
        while "items" in node:
            node = self.resolved(node["items"])
        if not names:
            return node
        inner = self.members(node).get(names[0])
        return None if inner is None else self._find(inner, names[1:])


@cache
def of(type_name: str) -> Schema:
    facts = json.loads((_FOLDER / file_name(type_name)).read_text())
    return Schema(
        model={name: facts[name] for name in ("properties", "required")},
        definitions=facts["definitions"],
        create_only=frozenset(_plain(facts["createOnly"])),
        conditional=frozenset(_plain(facts["conditionalCreateOnly"])),
        read_only=frozenset(_plain(facts["readOnly"])),
        attributes=frozenset(facts["attributes"]),
        tags=facts["tags"],
        system_tags=facts["systemTags"],
        deleted_first=facts["replacement"] == "delete_then_create",
    )


def file_name(type_name: str) -> str:
    return type_name.replace("::", "-").lower() + ".json"


def _plain(paths: list[str]) -> Iterator[str]:
    return (path.replace("/*", "") for path in paths)
