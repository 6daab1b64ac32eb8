"""A list a page at a time, by AWS's NextToken and Limit."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from localaws.wire import AwsError

MOST = 100


def page(key: str, items: Sequence[Any], params: dict[str, Any]) -> dict[str, Any]:
    start = _start(params.get("NextToken"))
    end = start + params.get("Limit", MOST)
    result: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        result["NextToken"] = base64.b64encode(str(end).encode()).decode()
    return result


def _start(token: str | None) -> int:
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (ValueError, binascii.Error) as error:
        sentence = "Parameter nextToken is not valid."
        raise AwsError("ValidationException", sentence) from error
