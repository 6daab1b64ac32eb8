"""A rule's conditions: AWS's shape in and out, and whether they hold for a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from localaws.elbv2.model import Condition
from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError

CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
SHORT = ("host-header", "path-pattern")  # may be asked for, and are shown, by Values alone
SEVERAL = ("http-header", "query-string")  # conditions that a rule may have more than once
WITH_CASE = ("path-pattern",)
MOST_VALUES = 5
LONGEST = {"http-request-method": 40}
LONGEST_VALUE, LONGEST_HEADER = 128, 40


@dataclass(frozen=True)
class Seen:
    """Of a request, what rules look at; the host without its port, the path without its query."""

    host: str
    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()  # names in lower case
    query: tuple[tuple[str, str], ...] = ()
    address: str = "127.0.0.1"


def read(conditions: list[dict[str, Any]]) -> tuple[Condition, ...]:
    if not conditions:
        raise _invalid("A condition must be specified")
    read = tuple(_read(condition) for condition in conditions)
    fields = [condition.field for condition in read if condition.field not in SEVERAL]
    if len(set(fields)) != len(fields):
        raise _invalid("A condition field can be specified only once")
    if sum(len(condition.values) for condition in read) > MOST_VALUES:
        raise _invalid(f"A rule can only have '{MOST_VALUES}' condition values")
    return read


def render(condition: Condition) -> dict[str, Any]:
    values: list[Any] = list(condition.values)
    if condition.field == "query-string":
        pairs = zip(condition.keys, condition.values, strict=True)
        values = [{"Key": key, "Value": value} if key else {"Value": value} for key, value in pairs]
    config = {"HttpHeaderName": condition.header} if condition.header else {}
    shown = {"Field": condition.field, CONFIGS[condition.field]: config | {"Values": values}}
    return shown | ({"Values": values} if condition.field in SHORT else {})


def hold(conditions: tuple[Condition, ...], seen: Seen) -> bool:
    return all(_holds(condition, seen) for condition in conditions)


def _holds(condition: Condition, seen: Seen) -> bool:
    match condition.field:
        case "host-header":
            return _any(condition, [seen.host])
        case "path-pattern":
            return _any(condition, [seen.path])
        case "http-header":
            name = condition.header.lower()
            return _any(condition, [value for key, value in seen.headers if key == name])
        case "http-request-method":
            return seen.method in condition.values
        case "query-string":
            return any(
                (key is None or _pattern(key, with_case=False).fullmatch(found))
                and _pattern(wanted, with_case=False).fullmatch(value)
                for key, wanted in zip(condition.keys, condition.values, strict=True)
                for found, value in seen.query
            )
    address = ip_address(seen.address)
    return any(address in ip_network(value, strict=False) for value in condition.values)


def _any(condition: Condition, subjects: list[str]) -> bool:
    with_case = condition.field in WITH_CASE
    patterns = [_pattern(value, with_case=with_case) for value in condition.values]
    return any(pattern.fullmatch(subject) for pattern in patterns for subject in subjects)


@lru_cache(4096)
def _pattern(value: str, *, with_case: bool) -> re.Pattern[str]:
    """`*` is any run of characters, `?` exactly one; only paths have case."""
    regex = re.escape(value).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(regex, re.DOTALL if with_case else re.IGNORECASE | re.DOTALL)


def _read(condition: dict[str, Any]) -> Condition:
    field = condition.get("Field", "")
    if field not in CONFIGS:
        raise _invalid(f"Condition field '{field}' must be one of '[{', '.join(CONFIGS)}]'")
    config = condition.get(CONFIGS[field], {})
    if config.get("RegexValues") or condition.get("RegexValues"):
        raise unmodelled("A regular expression in a condition")
    given = config.get("Values") or (condition.get("Values") if field in SHORT else None) or ()
    keys: tuple[str | None, ...] = ()
    if field == "query-string":
        keys = tuple(pair.get("Key") for pair in given)
        given = [pair.get("Value", "") for pair in given]
    values = tuple(given)
    _check(field, values)
    header = config.get("HttpHeaderName", "")
    if field == "http-header" and not 1 <= len(header) <= LONGEST_HEADER:
        raise _invalid(f"A header name of 1 to {LONGEST_HEADER} characters must be specified")
    return Condition(field, values, header, keys)


def _check(field: str, values: tuple[str, ...]) -> None:
    if not values or not all(values):
        raise _invalid(f"A value of '{field}' must be specified")
    longest = LONGEST.get(field, LONGEST_VALUE)
    for value in values:
        if len(value) > longest:
            raise _invalid(f"'{value}' cannot be longer than '{longest}' characters")
        if field == "http-request-method" and not re.fullmatch(r"[A-Z_-]+", value):
            raise _invalid(f"Condition value '{value}' contains a character that is not valid")
        if field == "source-ip":
            _check_network(value)


def _check_network(value: str) -> None:
    try:
        ip_network(value, strict=False)
    except ValueError as error:
        raise _invalid(f"CIDR block '{value}' is not valid") from error
    if "/" not in value:
        raise _invalid(f"CIDR block '{value}' is not valid")


def _invalid(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)
