"""A rule's conditions: AWS's shape in and out, compiled patterns between; whether they hold."""

from __future__ import annotations

import re
from typing import Any

from localaws.elbv2.model import Condition
from localaws.wire import AwsError

CONFIGS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}
MOST_VALUES = 5
LONGEST_VALUE = 128


def read(conditions: list[dict[str, Any]]) -> tuple[Condition, ...]:
    if not conditions:
        raise AwsError("ValidationError", "A condition must be specified")
    read = tuple(_read(condition) for condition in conditions)
    fields = [condition.field for condition in read]
    if len(set(fields)) != len(fields):
        raise AwsError("ValidationError", "A condition field can be specified only once")
    if sum(len(condition.values) for condition in read) > MOST_VALUES:
        raise AwsError("ValidationError", f"A rule can only have '{MOST_VALUES}' condition values")
    return read


def render(condition: Condition) -> dict[str, Any]:
    values = list(condition.values)
    return {
        "Field": condition.field,
        "Values": values,
        CONFIGS[condition.field]: {"Values": values},
    }


def hold(conditions: tuple[Condition, ...], host: str, path: str) -> bool:
    """`host` without its port, `path` without its query."""
    for condition in conditions:
        subject = host if condition.field == "host-header" else path
        if not any(pattern.fullmatch(subject) for pattern in condition.patterns):
            return False
    return True


def _read(condition: dict[str, Any]) -> Condition:
    field = condition.get("Field", "")
    if field not in CONFIGS:
        raise AwsError(
            "InvalidConfigurationRequest",
            f"The local AWS routes on 'host-header' and 'path-pattern', not on '{field}'",
        )
    config = condition.get(CONFIGS[field], {})
    if config.get("RegexValues") or condition.get("RegexValues"):
        raise AwsError("InvalidConfigurationRequest", "The local AWS has no regular expressions")
    values = tuple(config.get("Values") or condition.get("Values") or ())
    if not values or not all(values):
        raise AwsError("ValidationError", f"A value of '{field}' must be specified")
    for value in values:
        if len(value) > LONGEST_VALUE:
            raise AwsError(
                "ValidationError", f"'{value}' cannot be longer than '{LONGEST_VALUE}' characters"
            )
    return Condition(field, values, tuple(_pattern(field, value) for value in values))


def _pattern(field: str, value: str) -> re.Pattern[str]:
    """`*` is any run of characters, `?` exactly one; hosts have no case, paths do."""
    regex = re.escape(value).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(regex, re.IGNORECASE | re.DOTALL if field == "host-header" else re.DOTALL)
