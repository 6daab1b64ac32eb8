"""One choice of an event pattern: what may stand in a field, read and refused as AWS does.

The operators, their meaning and the wording are those of AWS's own engine, aws/event-ruler.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address, ip_network

from localaws.events import numbers, texts
from localaws.events.texts import Holds, Scalar
from localaws.events.tokens import Malformed, Token, Tokens

ONE_KEY = "Only one key allowed in match expression"
ANY_CASE = "equals-ignore-case"
_NO_TEXT = {
    ANY_CASE: "Inside anything-but/equals-ignore-case list, "
    "number|start|null|boolean is not supported.",
    "wildcard": "wildcard match pattern must be a string",
}


def absent(_: Scalar) -> bool:
    """No value that is there: what `{"exists": false}` becomes, and is known by."""
    return False


def exactly(value: Scalar) -> Holds:
    """Numbers by value; true is no 1."""
    return lambda found: isinstance(found, bool) is isinstance(value, bool) and found == value


def read(tokens: Tokens) -> Holds:
    """An expression whose opening brace is taken."""
    name = tokens.take()
    if name.kind != "name":
        raise tokens.refuse("Match expression name not found")
    expression = EXPRESSIONS.get(name.value)
    if expression is None:
        raise tokens.refuse(f"Unrecognized match type {name.value}")
    return expression(tokens)


def _exact(tokens: Tokens) -> Holds:
    return exactly(_only_text(tokens, "exact match pattern must be a string"))


def _ignoring_case(tokens: Tokens) -> Holds:
    text = _only_text(tokens, "equals-ignore-case match pattern must be a string")
    return texts.in_any_case(texts.same, text)


def _wildcard(tokens: Tokens) -> Holds:
    text = tokens.text("wildcard match pattern must be a string")
    holds = texts.wildcard(tokens, text)
    tokens.close(ONE_KEY)
    return holds


def _affix(kind: str, holds: Callable[[str], Holds], tokens: Tokens) -> Holds:
    token = tokens.take()
    if token.kind == "{":
        read = _affix_in_any_case(kind, holds, tokens)
    elif token.kind == "text":
        read = holds(token.value)
    else:
        raise tokens.refuse(f"{kind} match pattern must be a string")
    tokens.close(ONE_KEY)
    return read


def _affix_in_any_case(kind: str, holds: Callable[[str], Holds], tokens: Tokens) -> Holds:
    name = tokens.take()
    if name.kind != "name":
        raise tokens.refuse(f"{kind.capitalize()} expression name not found")
    if name.value != ANY_CASE:
        raise tokens.refuse(f"Unsupported {kind} pattern: {name.value}")
    text = _only_text(tokens, "equals-ignore-case match pattern must be a string")
    return texts.in_any_case(holds, text)


def _exists(tokens: Tokens) -> Holds:
    token = tokens.take()
    if not isinstance(token.value, bool):
        raise tokens.refuse("exists match pattern must be either true or false.")
    tokens.close(ONE_KEY)
    return (lambda _: True) if token.value else absent


def _cidr(tokens: Tokens) -> Holds:
    text = tokens.text("prefix match pattern must be a string")
    network = ip_network(_checked_cidr(text), strict=False)
    tokens.close(ONE_KEY)

    def inside(found: Scalar) -> bool:
        try:
            return isinstance(found, str) and ip_address(found) in network
        except ValueError:
            return False

    return inside


def _checked_cidr(text: str) -> str:
    address, _, bits = text.partition("/")
    if text.count("/") != 1:
        raise Malformed("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"-?\d+", bits):
        raise Malformed("Malformed CIDR, mask bits must be an integer")
    if int(bits) < 0:
        raise Malformed("Malformed CIDR, mask bits must not be negative")
    try:
        version = ip_address(address).version
    except ValueError as error:
        raise Malformed(f"Nonstandard IP address: {address}") from error
    most = 32 if version == 4 else 128
    if int(bits) >= most:
        raise Malformed(f"IPv{version} mask bits must be < {most}")
    return text


def _anything_but(tokens: Tokens) -> Holds:
    token = tokens.take()
    if token.kind == "{":
        unwanted = _such(tokens)
    elif token.kind == "[":
        unwanted = [exactly(value) for value in _values(tokens)]
    elif token.kind in ("text", "number"):
        unwanted = [exactly(token.value)]
    else:
        raise _no_value(tokens)
    tokens.close(numbers.TOO_MANY)
    return lambda found: not any(one(found) for one in unwanted)


def _values(tokens: Tokens) -> list[Scalar]:
    values, kinds = list[Scalar](), set[str]()
    while (token := tokens.take()).kind != "]":
        if token.kind not in ("text", "number"):
            sentence = "Inside anything but list, start|null|boolean is not supported."
            raise tokens.refuse(sentence)
        values.append(token.value)
        kinds.add(token.kind)
    if len(kinds) != 1:
        raise tokens.refuse(
            "Inside anything but list, either all values are number or string, "
            "mixed type is not supported"
        )
    return values


def _such(tokens: Tokens) -> list[Holds]:
    """What is not wanted, by its beginning, its end, in any case, or by a wildcard."""
    name = tokens.take()
    if name.kind != "name":
        raise tokens.refuse("Anything-But expression name not found")
    holds: dict[str, Callable[[str], Holds]] = {
        "prefix": texts.prefix,
        "suffix": texts.suffix,
        ANY_CASE: partial(texts.in_any_case, texts.same),
        "wildcard": partial(texts.wildcard, tokens),
    }
    if name.value not in holds:
        raise tokens.refuse(f"Unsupported anything-but pattern: {name.value}")
    unwanted = [holds[name.value](text) for text in _unwanted(tokens, name.value)]
    tokens.close(numbers.TOO_MANY)
    return unwanted


def _unwanted(tokens: Tokens, operator: str) -> list[str]:
    token = tokens.take()
    if token.kind in ("text", "number"):
        return [_plain(tokens, token, operator)]
    if token.kind != "[":
        raise _no_value(tokens)
    found = []
    while (token := tokens.take()).kind != "]":
        found.append(_plain(tokens, token, operator))
    return found


def _plain(tokens: Tokens, token: Token, operator: str) -> str:
    if token.kind != "text":
        raise tokens.refuse(_NO_TEXT.get(operator, "prefix/suffix match pattern must be a string"))
    if operator in ("prefix", "suffix") and not token.value:
        raise tokens.refuse("Null prefix/suffix not allowed")
    return str(token.value)


def _no_value(tokens: Tokens) -> Malformed:
    return tokens.refuse("Value of anything-but must be an array or single string/number value.")


def _only_text(tokens: Tokens, otherwise: str) -> str:
    text = tokens.text(otherwise)
    tokens.close(ONE_KEY)
    return text


EXPRESSIONS: dict[str, Callable[[Tokens], Holds]] = {
    "exactly": _exact,
    "prefix": partial(_affix, "prefix", texts.prefix),
    "suffix": partial(_affix, "suffix", texts.suffix),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "cidr": _cidr,
    "numeric": numbers.read,
    "anything-but": _anything_but,
}
