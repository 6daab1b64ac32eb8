"""One page of a list: one statement, ordered by a column that is unique within the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.domain.page import Page, Range

Columns = Mapping[str, InstrumentedAttribute[Any]]
Query = Select[*tuple[Any, ...]]
Shown = Row[*tuple[Any, ...]]  # a row whose columns are known by their labels


def fetch(session: Session, statement: Query, columns: Columns, asked: Range) -> Page[Shown]:
    """`columns`: by the field's name. The statement must select the column under that name."""
    column = columns[asked.field]
    order = column.desc() if asked.descending else column.asc()
    rows = session.execute(
        _between(statement, column, asked).order_by(order).limit(asked.limit + 1)
    ).all()
    shown = rows[: asked.limit]
    if not shown:
        return Page(shown, asked)
    first, last = (row._mapping[asked.field] for row in (shown[0], shown[-1]))
    rest = asked.after(last) if len(rows) > len(shown) else None
    return Page(shown, asked, first, last, rest)


def _between(statement: Query, column: InstrumentedAttribute[Any], asked: Range) -> Query:
    if asked.lower:
        low = asked.lower.value
        statement = statement.where(column >= low if asked.lower.inclusive else column > low)
    if asked.upper:
        high = asked.upper.value
        statement = statement.where(column <= high if asked.upper.inclusive else column < high)
    return statement
