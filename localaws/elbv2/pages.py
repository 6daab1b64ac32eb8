"""A list a page at a time, by AWS's Marker and PageSize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from localaws.wire import AwsError

T = TypeVar("T")


def page(
    key: str,
    items: Sequence[T],
    params: dict[str, Any],
    render: Callable[[T], dict[str, Any]],
    size: int = 400,
) -> dict[str, Any]:
    start = _offset(params.get("Marker"))
    end = start + params.get("PageSize", size)
    result: dict[str, Any] = {key: [render(item) for item in items[start:end]]}
    if end < len(items):
        result["NextMarker"] = str(end)
    return result


def _offset(marker: str | None) -> int:
    if marker is None:
        return 0
    if not marker.isdecimal():
        raise AwsError("ValidationError", f"Invalid marker '{marker}'")
    return int(marker)
