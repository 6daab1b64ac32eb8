"""A part of a list: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT = 200
MAX_LIMIT = 1000


@dataclass(frozen=True)
class Bound:
    value: object
    inclusive: bool = True


@dataclass(frozen=True)
class Range:
    """Rows whose `field` lies between two bounds (None: open), in its order, `limit` at most."""

    field: str
    lower: Bound | None = None
    upper: Bound | None = None
    limit: int = DEFAULT_LIMIT
    descending: bool = False

    def after(self, last: object) -> Range:
        """What is left once `last` has been seen."""
        bound = Bound(last, inclusive=False)
        return replace(self, upper=bound) if self.descending else replace(self, lower=bound)


@dataclass(frozen=True)
class Page(Generic[T]):
    """`first` and `last` are values of the range's field; `rest` is None when this is all."""

    rows: Sequence[T]
    range: Range
    first: object = None
    last: object = None
    rest: Range | None = None
