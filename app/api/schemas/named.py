"""How one thing names another: by id, and by the name people know it by."""

from __future__ import annotations

from functools import cache
from uuid import NAMESPACE_DNS, UUID, uuid5

from pydantic import BaseModel

PLATFORM = UUID(int=0)


class Named(BaseModel):
    id: UUID
    name: str


class Person(BaseModel):
    id: UUID
    email: str


class Versioned(BaseModel):
    id: UUID
    version: int


class Numbered(BaseModel):
    id: UUID
    number: int


class Identity(BaseModel):
    id: UUID


@cache
def constant(kind: str, name: str) -> Named:
    """Regions, stacks, sizes: clients expect an id, so the same name always has the same one."""
    return Named(id=uuid5(NAMESPACE_DNS, f"{name}.{kind}.palatine"), name=name)


def author(id: UUID | None, email: str | None) -> Person:
    """Who did it; nobody: the platform itself."""
    return Person(id=id or PLATFORM, email=email or "palatine")
