"""What goes wrong between EventBridge and a target: at least once is no more than that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.faults.fault import Declared, Kind

HOWS = ("lost", "doubled", "late", "reordered")


def _check(params: Mapping[str, Any]) -> str:
    return "" if params["how"] in HOWS else f"how is one of {', '.join(HOWS)}."


KINDS = {
    Kind.EVENTS: Declared(
        "What EventBridge brings to a rule's target is lost, doubled, late by `seconds`, or "
        "reordered: it waits until the next one has overtaken it, or for `seconds`.",
        ("source", "detail_type", "rule"),
        {"how": "doubled", "seconds": 30.0},
        _check,
    ),
}
