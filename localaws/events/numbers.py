"""What a pattern may ask of a number: one bound, or a range."""

from __future__ import annotations

import operator
from collections.abc import Callable

from localaws.events.texts import Holds, Scalar
from localaws.events.tokens import Token, Tokens

TOO_MANY = "Too many elements in numeric expression"
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Bounds = list[tuple[str, float]]


def read(tokens: Tokens) -> Holds:
    """As `[">", 0, "<=", 5]`, and the brace behind it."""
    if tokens.take().kind != "[":
        raise tokens.refuse("Value of numeric must be an array.")
    bounds = _bounds(tokens)
    tokens.close(TOO_MANY)

    def within(found: Scalar) -> bool:
        if isinstance(found, bool) or not isinstance(found, int | float):
            return False
        return all(_COMPARISONS[sign](found, bound) for sign, bound in bounds)

    return within


def _bounds(tokens: Tokens) -> Bounds:
    first = tokens.take()
    if first.kind != "text":
        raise tokens.refuse(f"Invalid member in numeric match: {_shown(first)}")
    sign = str(first.value)
    if sign not in _COMPARISONS:
        tokens.take()
        raise tokens.refuse(f"Unrecognized numeric range operator: {sign}")
    bounds = [(sign, _number(tokens, "equals" if sign == "=" else sign))]
    token = tokens.take()
    if token.kind != "]":
        if not sign.startswith(">"):
            raise tokens.refuse(TOO_MANY)
        bounds.append(_top(tokens, token))
        _check_order(tokens, bounds)
    return bounds


def _top(tokens: Tokens, token: Token) -> tuple[str, float]:
    if token.kind != "text":
        raise tokens.refuse(f"Bad value in numeric range: {_shown(token)}")
    if token.value not in ("<", "<="):
        raise tokens.refuse(f"Bad numeric range operator: {token.value}")
    top = _number(tokens, token.value)
    if tokens.take().kind != "]":
        raise tokens.refuse("Too many terms in numeric range expression")
    return token.value, top


def _check_order(tokens: Tokens, bounds: Bounds) -> None:
    if bounds[0][1] >= bounds[1][1]:
        raise tokens.refuse("Bottom must be less than top")


def _number(tokens: Tokens, sign: str) -> float:
    token = tokens.take()
    if token.kind != "number":
        raise tokens.refuse(f"Value of {sign} must be numeric")
    return float(token.value)


def _shown(token: Token) -> str:
    return token.kind if token.value is None else str(token.value)
