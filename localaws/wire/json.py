"""The JSON protocols: AWS JSON 1.0 and 1.1."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

from localaws.wire.errors import AwsError
from localaws.wire.models import Value


def read(body: bytes, shape: Shape | None) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", str(error)) from error
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "The request body is not a JSON object.")
    return dict(_value(document, shape)) if shape is not None else {}


def write(result: Mapping[str, Any]) -> bytes:
    return json.dumps(result, default=_foreign, separators=(",", ":")).encode()


def write_error(error: AwsError) -> bytes:
    return json.dumps({"__type": error.code, "message": error.message}).encode()


def _value(value: Value, shape: Shape) -> Value:
    """Times and blobs become Python's; what does not fit its shape is left for the validator."""
    match shape.type_name, value:
        case "structure", dict():
            members = shape.members
            return {
                name: _value(member, members[name]) if name in members else member
                for name, member in value.items()
                if member is not None
            }
        case "list", list():
            return [_value(member, shape.member) for member in value]
        case "map", dict():
            return {key: _value(member, shape.value) for key, member in value.items()}
        case "timestamp", int() | float():
            return datetime.fromtimestamp(value, UTC)
        case "blob", str():
            return base64.b64decode(value)
    return value


def _foreign(value: object) -> float | str:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no JSON form")
