"""The formation, in Heroku's shape, and the many ways clients write a change to it."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from app.api.json import Time
from app.api.schemas.named import Named, constant
from app.db.paging import Shown
from app.domain.errors import Invalid
from app.domain.formation import Change


def _quantity(given: object) -> object:
    """2, "2", "+1", "-1"; a sign in a string makes it relative."""
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        return given
    if isinstance(given, str) and re.fullmatch(r"[+-]?[0-9]{1,9}", given.strip(), re.ASCII):
        return given.strip()
    raise ValueError('must be a whole number such as 2 or "2", or a step such as "+1" or "-1"')


Quantity = Annotated[
    int | str,
    BeforeValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "examples": [2, "+1"]}),
]


class SizeName(BaseModel):
    name: str


class ProcessUpdate(BaseModel):
    """What is absent, or null, is left alone."""

    quantity: Quantity | None = None
    size: Annotated[str | None, Field(examples=["2X"])] = None
    dyno_size: SizeName | str | None = None
    docker_image: str | None = None

    def change(self, process_type: str) -> Change:
        if self.docker_image is not None:
            raise Invalid("A process type has no image of its own: deploy with POST /deploys.")
        size = self.size or (
            self.dyno_size.name if isinstance(self.dyno_size, SizeName) else self.dyno_size
        )
        match self.quantity:
            case str() as step if step[0] in "+-":
                return Change(process_type, delta=int(step), size=size)
            case None:
                return Change(process_type, size=size)
            case number:
                return Change(process_type, quantity=int(number), size=size)


class ProcessTypeUpdate(ProcessUpdate):
    """emp calls the type `process`."""

    type: Annotated[str | None, Field(examples=["web"])] = None
    process: str | None = None

    @property
    def named(self) -> str:
        name = self.type or self.process
        if not name:
            raise Invalid('Each update names its process type, as in {"type": "web", …}.')
        return name


class FormationUpdate(BaseModel):
    updates: list[ProcessTypeUpdate]

    def changes(self) -> list[Change]:
        return [update.change(update.named) for update in self.updates]


class FormationOut(BaseModel):
    id: UUID
    type: str
    quantity: int
    size: str
    dyno_size: Named
    command: str
    app: Named
    created_at: Time
    updated_at: Time


def formation_out(row: Shown) -> FormationOut:
    return FormationOut(
        id=row.id,
        type=row.type,
        quantity=row.quantity,
        size=row.size,
        dyno_size=constant("size", row.size),
        command=row.command,
        app=Named(id=row.app_id, name=row.app_name),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
