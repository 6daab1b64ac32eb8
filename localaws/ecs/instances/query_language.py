"""The cluster query language: which container instances an expression means. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Candidate:
    """What may be asked of an instance."""

    attributes: Mapping[str, str | None]
    groups: frozenset[str] = frozenset()  # of the tasks on it
    facts: Callable[[], Mapping[str, str]] = dict  # agentConnected, registeredAt…, if asked for


class Incomprehensible(ValueError):
    """The text says where an expression cannot be read."""


Predicate = Callable[[Candidate], bool]
_SUBJECTS = ("agentConnected", "agentVersion", "ec2InstanceId", "registeredAt", "runningTasksCount")
_WORDS = {
    "equals": "==",
    "not_equals": "!=",
    "greater_than": ">",
    "greater_than_equal": ">=",
    "less_than": "<",
    "less_than_equal": "<=",
    "exists": "exists",
    "not_exists": "!exists",
    "in": "in",
    "not_in": "!in",
    "matches": "=~",
    "not_matches": "!~",
}
_OPERATORS = frozenset(_WORDS.values())
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<sign>&&|\|\||!exists\b|!in\b|==|!=|=~|!~|>=|<=|[<>()\[\],!])
    |'(?P<single>[^']*)'|"(?P<double>[^"]*)"
    |(?P<word>[^\s()\[\],!=<>'"&|]+)
    )""",
    re.VERBOSE,
)
_PATTERN = re.compile(
    r"""\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<word>(?:\([^\s()]*\)|[^\s()])+))"""
)


@lru_cache(maxsize=1024)
def parse(expression: str) -> Predicate:
    """Raises Incomprehensible."""
    reader = _Reader(expression)
    found = reader.either()
    if reader.token is not None:
        raise Incomprehensible(f"unexpected {reader.token!r}")
    return found


class _Reader:
    """Recursive descent: `either` of `all_` of `one`."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._quoted = text, 0, False
        self.token: str | None = None
        self.next()

    def next(self) -> str | None:
        """The token that was; the one after it becomes the token."""
        was = self.token
        rest = self._text[self._at :]
        if not rest.strip():
            self.token = None
        elif found := _TOKEN.match(rest):
            self._take(found)
        else:
            raise Incomprehensible(f"unexpected {rest.strip()!r}")
        return was

    def either(self) -> Predicate:
        parts = [self.all_()]
        while self._is("or", "||"):
            self.next()
            parts.append(self.all_())
        return parts[0] if len(parts) == 1 else lambda one: any(part(one) for part in parts)

    def all_(self) -> Predicate:
        parts = [self.one()]
        while self._is("and", "&&"):
            self.next()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda one: all(part(one) for part in parts)

    def one(self) -> Predicate:
        if self._is("not", "!"):
            self.next()
            denied = self.one()
            return lambda one: not denied(one)
        if self._is("("):
            self.next()
            inner = self.either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        subject = self.next()
        read = _subject(subject)
        sign = _WORDS.get((self.token or "").lower(), self.token or "")
        if sign not in _OPERATORS:
            raise Incomprehensible(f"no operator after {subject}")
        if sign in ("exists", "!exists"):
            self.next()
            present = _present(subject or "")
            return present if sign == "exists" else lambda one: not present(one)
        if sign in ("=~", "!~"):
            return _matching(read, self._pattern(), denied=sign == "!~")
        self.next()
        if sign in ("in", "!in"):
            wanted = frozenset(self._list())
            return _among(read, wanted, denied=sign == "!in")
        return _compared(read, sign, self._value())

    def _list(self) -> Iterator[str]:
        self._expect("[")
        while not self._is("]"):
            yield self._value()
            if not self._is("]"):
                self._expect(",")
        self.next()

    def _value(self) -> str:
        value = self.next()
        if value is None or value in ("(", ")", "[", "]", ","):
            raise Incomprehensible(f"a value is missing before {value!r}")
        return value

    def _pattern(self) -> re.Pattern[str]:
        """All up to the next space: what is a sign elsewhere is part of it."""
        found = _PATTERN.match(self._text[self._at :])
        if not found:
            raise Incomprehensible("a pattern is missing")
        self._take(found)
        try:
            pattern = re.compile(self.token or "")
        except re.error as error:
            raise Incomprehensible(f"{self.token!r} is no pattern: {error}") from None
        self.next()
        return pattern

    def _take(self, found: re.Match[str]) -> None:
        self._at += found.end()
        groups = found.groupdict()
        self.token = next(text for text in groups.values() if text is not None)
        self._quoted = groups["single"] is not None or groups["double"] is not None

    def _is(self, *tokens: str) -> bool:
        return not self._quoted and self.token is not None and self.token.lower() in tokens

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            raise Incomprehensible(f"{sign!r} is missing before {self.token!r}")
        self.next()


def _subject(name: str | None) -> Callable[[Candidate], frozenset[str]]:
    """All values that it has; a missing attribute has none."""
    match (name or "").partition(":"):
        case ("attribute", ":", attribute) if attribute:

            def values(one: Candidate) -> frozenset[str]:
                if attribute not in one.attributes:
                    return frozenset()
                return frozenset({one.attributes[attribute] or ""})

            return values
        case ("task", ":", "group"):
            return lambda one: one.groups
        case (fact, "", "") if fact in _SUBJECTS:
            return lambda one: frozenset(told for name, told in one.facts().items() if name == fact)
    raise Incomprehensible(f"{name!r} is nothing that can be asked")


def _present(name: str) -> Predicate:
    read = _subject(name)
    return lambda one: bool(read(one))


def _matching(
    read: Callable[[Candidate], frozenset[str]], pattern: re.Pattern[str], *, denied: bool
) -> Predicate:
    return lambda one: any(map(pattern.fullmatch, read(one))) is not denied


def _among(
    read: Callable[[Candidate], frozenset[str]], wanted: frozenset[str], *, denied: bool
) -> Predicate:
    return lambda one: bool(read(one) & wanted) is not denied


def _compared(read: Callable[[Candidate], frozenset[str]], sign: str, value: str) -> Predicate:
    if sign in ("==", "!="):
        return _among(read, frozenset({value}), denied=sign == "!=")
    order = _ORDERS[sign]
    return lambda one: any(order(*_alike(has, value)) for has in read(one))


def _alike(has: str, value: str) -> tuple[object, object]:
    """Numbers as numbers, dates as dates, versions by their parts, anything else as text."""
    for reading in (float, _date, _version):
        try:
            return reading(has), reading(value)
        except ValueError:
            continue
    return has, value


def _date(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _version(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]
