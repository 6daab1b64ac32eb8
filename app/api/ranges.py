"""Heroku's Range header: `<field> [lo]..[hi][; max=N[, order=desc]]`.

`]lo` and `hi[` are exclusive. Clients write the separators as they like (`max=20, , order=desc`),
name fields a list does not have, and send Range where there is no list: all of that is let pass.
Bounds are values, whatever the order: descending, the next page is `lo..last[`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response
from pydantic import BaseModel

from app.api.json import json_list
from app.api.refusals import Refusal
from app.db.paging import Shown
from app.domain.page import DEFAULT_LIMIT, MAX_LIMIT, Bound, Page, Range

# How a bound is read, by field; the first field is the order of a list when none is asked for.
Fields = Mapping[str, Callable[[str], object]]

_BOUNDS = re.compile(r"(?P<field>[\w-]+)\s+(?P<low>\]?[^\s\]\[]*?)\.\.(?P<high>[^\s\]\[]*\[?)")


def number(text: str, biggest: int = 2**31 - 1) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError(text)
    return min(int(text), biggest)


def serial(text: str) -> int:
    return number(text, 2**63 - 1)


def ranged(fields: Fields) -> Callable[[Request], Awaitable[Range]]:
    """A dependency: the range that was asked of a list with these fields."""

    async def asked(request: Request) -> Range:
        return parse(request.headers.get("range", ""), fields)

    return asked


def parse(header: str, fields: Fields) -> Range:
    bounds, *options = re.split(r"[,;]", header)
    chosen = dict(_option(option) for option in options if "=" in option)
    limit, descending = _limit(chosen.get("max", "")), chosen.get("order") == "desc"
    default = Range(next(iter(fields)), limit=limit, descending=descending)
    match = _BOUNDS.fullmatch(bounds.strip())
    if match is None or match["field"] not in fields:
        return default
    read = fields[match["field"]]
    low, high = match["low"], match["high"]
    return Range(
        match["field"],
        lower=_bound(header, read, low.removeprefix("]"), inclusive=not low.startswith("]")),
        upper=_bound(header, read, high.removesuffix("["), inclusive=not high.endswith("[")),
        limit=limit,
        descending=descending,
    )


def answer(page: Page[Shown], show: Callable[[Shown], BaseModel], fields: Fields) -> Response:
    """200, or 206 with the Next-Range that the client sends back as it is."""
    headers = {"Accept-Ranges": ", ".join(fields)}
    if page.rows:
        headers["Content-Range"] = f"{page.range.field} {page.first}..{page.last}"
    if page.rest:
        headers["Next-Range"] = _header(page.rest)
    shown = json_list([show(row) for row in page.rows])
    return Response(shown, 206 if page.rest else 200, headers, media_type="application/json")


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().lower()


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return DEFAULT_LIMIT
    return max(1, min(int(text), MAX_LIMIT))


def _bound(
    header: str, read: Callable[[str], object], text: str, *, inclusive: bool
) -> Bound | None:
    if not text:
        return None
    try:
        return Bound(read(text), inclusive)
    except ValueError:
        raise Refusal(
            416,
            "requested_range_not_satisfiable",
            f"The Range {header[:100]!r} cannot be read: {text[:50]!r} is no value of its field.",
        ) from None


def _header(asked: Range) -> str:
    low = high = ""
    if asked.lower:
        low = f"{'' if asked.lower.inclusive else ']'}{asked.lower.value}"
    if asked.upper:
        high = f"{asked.upper.value}{'' if asked.upper.inclusive else '['}"
    order = ", order=desc" if asked.descending else ""
    return f"{asked.field} {low}..{high}; max={asked.limit}{order}"
