"""A sentence for a request whose body or parameters are not what a route takes.

Only places and rules are said, never what was sent: it may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOT_JSON = "The body is not JSON. Send one JSON object, with Content-Type: application/json."
_OBJECT = {"model_type", "model_attributes_type", "dict_type"}


def explain(errors: Sequence[Mapping[str, Any]], body: object) -> tuple[int, str, str]:
    """Status, error id and message for Pydantic's errors; the first of them is enough."""
    first = errors[0]
    if first["type"] == "json_invalid" or isinstance(body, bytes):
        return 400, "bad_request", NOT_JSON
    place = _place(first["loc"])
    if not place:
        what = "missing" if first["type"] == "missing" else "no JSON object"
        return 422, "invalid_params", f"The body is {what}. Send one JSON object."
    return 422, "invalid_params", f"{place}: {_rule(first)}."


def _rule(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] in _OBJECT:
        return "must be a JSON object"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "string_unicode":
        return "is no valid Unicode text"
    rule = str(error["msg"]).removeprefix("Input should be ").rstrip(".")
    return f"must be {rule}" if rule != error["msg"].rstrip(".") else rule


def _place(loc: Sequence[int | str]) -> str:
    """`updates[0].quantity`, as one would write it."""
    place = ""
    for part in loc[1:]:
        place += f"[{part}]" if isinstance(part, int) else f".{part[:60]}"
    return place.removeprefix(".")
