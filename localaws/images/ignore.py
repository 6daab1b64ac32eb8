"""A .dockerignore: comments, `*`, `?`, `**` and `!`; the last pattern that matches decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

NAME = ".dockerignore"
Ignored = Callable[[str], bool]


def read(directory: Path) -> Ignored:
    """What says of a path, relative and with slashes, whether it stays out."""
    file = directory / NAME
    lines = file.read_text().splitlines() if file.is_file() else []
    patterns = [_pattern(line) for line in map(str.strip, lines) if _counts(line)]

    def ignored(path: str) -> bool:
        out = False
        for keeps, pattern in patterns:
            if pattern.fullmatch(path):
                out = not keeps
        return out

    return ignored


def _counts(line: str) -> bool:
    return bool(line.lstrip("!/")) and not line.startswith("#")


def _pattern(line: str) -> tuple[bool, re.Pattern[str]]:
    """Whether it keeps, and what it matches: the path itself and all below it."""
    keeps, glob = line.startswith("!"), line.removeprefix("!").strip("/").removeprefix("./")
    regex = "".join(_translated(token) for token in re.split(r"(\*\*/|\*\*|\*|\?)", glob))
    return keeps, re.compile(f"{regex}(?:/.*)?", re.DOTALL)


def _translated(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    return re.escape(token)
