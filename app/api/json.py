"""How answers are written: UTF-8 JSON, times as Heroku writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, PlainSerializer, WithJsonSchema
from starlette.responses import Response


def heroku_time(moment: datetime) -> str:
    """`2012-01-01T12:00:00Z`, as every Heroku client parses it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


Time = Annotated[
    datetime,
    PlainSerializer(heroku_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


def json_of(shown: BaseModel) -> bytes:
    return shown.__pydantic_serializer__.to_json(shown)


def json_list(shown: Sequence[BaseModel]) -> bytes:
    return b"[%b]" % b",".join(map(json_of, shown))


def answer(shown: BaseModel, status: int = 200) -> Response:
    """Made from a model, so it was checked once; FastAPI would check it a second time."""
    return Response(json_of(shown), status, media_type="application/json")


def answers(shown: Sequence[BaseModel]) -> Response:
    return Response(json_list(shown), media_type="application/json")
