"""Empire's deploys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field


class Deploy(BaseModel):
    image: Annotated[str, Field(examples=["registry.example.com/acme/hello:v1"])]
    stream: bool | None = False
