"""JSON as tokens that know where they are: AWS's refusals of a pattern end with line and column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[{}\[\]])|(?P<text>"(?:[^"\\]|\\.)*")(?P<name>\s*:)?"""
    r"""|(?P<other>[^\s,:{}\[\]"]+)|(?P<skipped>[,:]))""",
    re.DOTALL,
)
_SHOWN = 500  # characters of the source in a refusal


class Malformed(Exception):
    """The text is AWS's reason."""


@dataclass(frozen=True)
class Token:
    kind: str  # { } [ ] name text number word
    value: Any
    end: int  # where the reader stands: of a text, behind its opening quote


class Tokens:
    """A document that is JSON, one token after the other."""

    def __init__(self, source: str) -> None:
        json.loads(source)
        self._source = source
        self._tokens = list(_tokens(source))
        self._next = 0

    def take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def text(self, otherwise: str) -> str:
        """The next one; if it is no text, refused so."""
        token = self.take()
        if token.kind != "text":
            raise self.refuse(otherwise)
        return str(token.value)

    def close(self, otherwise: str) -> None:
        if self.take().kind != "}":
            raise self.refuse(otherwise)

    def refuse(self, reason: str) -> Malformed:
        """Where it stands: a name is read together with the beginning of its value."""
        taken = self._tokens[self._next - 1]
        end = self._tokens[self._next].end if taken.kind == "name" else taken.end
        before = self._source[:end]
        line, column = before.count("\n") + 1, end - before.rfind("\n")
        shown = f'(String)"{self._source[:_SHOWN]}"'
        if (more := len(self._source) - _SHOWN) > 0:
            shown += f"[truncated {more} chars]"
        return Malformed(f"{reason} at [Source: {shown}; line: {line}, column: {column}]")


def _tokens(source: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(source):
        if found["mark"]:
            yield Token(found["mark"], None, found.end())
        elif found["name"]:
            yield Token("name", json.loads(found["text"]), found.end())
        elif found["text"] is not None:
            yield Token("text", json.loads(found["text"]), found.start("text") + 1)
        elif found["other"]:
            value = json.loads(found["other"])
            kind = "word" if value is None or isinstance(value, bool) else "number"
            yield Token(kind, value, found.end())
