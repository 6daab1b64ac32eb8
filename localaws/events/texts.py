"""What a pattern may ask of a text: its beginning, its end, its letters, wild characters."""

from __future__ import annotations

import re
from collections.abc import Callable

from localaws.events.tokens import Tokens

Scalar = str | int | float | bool | None
Holds = Callable[[Scalar], bool]


def prefix(text: str) -> Holds:
    return lambda found: isinstance(found, str) and found.startswith(text)


def suffix(text: str) -> Holds:
    return lambda found: isinstance(found, str) and found.endswith(text)


def in_any_case(holds: Callable[[str], Holds], text: str) -> Holds:
    lower = holds(text.lower())
    return lambda found: isinstance(found, str) and lower(found.lower())


def same(text: str) -> Holds:
    return lambda found: found == text


def wildcard(tokens: Tokens, text: str) -> Holds:
    """`*` is any run of characters; a backslash makes it, and itself, plain."""
    read, at = "", 0
    while at < len(text):
        two = text[at : at + 2]
        position = len(text[:at].encode()) + 1  # AWS counts bytes, and the quote before them
        if two == "**":
            raise tokens.refuse(f"Consecutive wildcard characters at pos {position}")
        if two[0] == "\\" and two not in (r"\*", r"\\"):
            raise tokens.refuse(f"Invalid escape character at pos {position}")
        escaped = two[0] == "\\"
        read += ".*" if two[0] == "*" else re.escape(two[-1] if escaped else two[0])
        at += 2 if escaped else 1
    pattern = re.compile(read, re.DOTALL)
    return lambda found: isinstance(found, str) and pattern.fullmatch(found) is not None
