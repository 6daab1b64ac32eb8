"""The body of every answer that says no."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field


class ErrorOut(BaseModel):
    id: Annotated[str, Field(examples=["not_found"])]
    message: Annotated[str, Field(examples=["There is no app named acme."])]
    url: str | None
    resource: Annotated[str | None, Field(examples=["app"])] = None
