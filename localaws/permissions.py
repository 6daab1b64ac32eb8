"""What a resource's own policy allows one of AWS's services: IAM's reading of its statements.

A key that a request of a service's does not have counts as missing, whatever the operator.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from localaws.wire import AwsError

_OPERATOR = re.compile(r"(?:For(?:Any|All)Values?:)?(\w+?)(IfExists)?")
_LIKE = ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")


def allows(policy: Mapping[str, Any], action: str, resource: str, facts: Mapping[str, str]) -> bool:
    """A statement that applies allows it, and none denies it; `facts` by condition key, among them
    who asks: aws:PrincipalServiceName, or aws:PrincipalArn."""
    return effects(policy, action, resource, facts) == {"Allow"}


def effects(
    policy: Mapping[str, Any], action: str, resource: str, facts: Mapping[str, str]
) -> set[str]:
    """Of the statements that apply."""
    known = {key.lower(): value for key, value in facts.items()}
    return {
        str(statement.get("Effect"))
        for statement in _listed(policy.get("Statement"))
        if _applies(statement, action, resource, known)
    }


def denied(resource: str) -> AwsError:
    return AwsError("AccessDenied", f"Access to the resource {resource} is denied.", status=403)


def _applies(
    statement: Mapping[str, Any], action: str, resource: str, facts: Mapping[str, str]
) -> bool:
    return (
        _names(statement, "Principal", lambda given: _is_caller(given, facts))
        and _names(statement, "Action", lambda given: _like(given, action, any_case=True))
        and _names(statement, "Resource", lambda given: _like(given, resource))
        and all(
            _holds(operator, key.lower(), _listed(wanted), facts)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _names(statement: Mapping[str, Any], what: str, such: Callable[[Any], bool]) -> bool:
    """By `Action` or by `NotAction`, and so on; a statement without either names nothing."""
    if f"Not{what}" in statement:
        return not any(such(given) for given in _listed(statement[f"Not{what}"]))
    return any(such(given) for given in _listed(statement.get(what)))


def _is_caller(principal: str | Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    if isinstance(principal, str):
        return principal == "*"
    accounts, services = (_listed(principal.get(kind)) for kind in ("AWS", "Service"))
    by_service = facts.get("aws:principalservicename") in services
    return by_service or "*" in accounts or facts.get("aws:principalarn") in accounts


def _holds(operator: str, key: str, wanted: list[Any], facts: Mapping[str, str]) -> bool:
    read = _OPERATOR.fullmatch(operator)
    name, if_exists = (read[1], read[2]) if read else (operator, None)
    if name == "Null":
        return str(key not in facts).lower() in [str(one).lower() for one in wanted]
    found, negated = facts.get(key), "Not" in name
    if found is None:
        return bool(if_exists) or negated
    any_case = name == "Bool" or name.endswith("IgnoreCase")
    same = _like if name in _LIKE else functools.partial(_equal, any_case=any_case)
    return any(same(str(one), found) for one in wanted) is not negated


def _equal(given: str, found: str, *, any_case: bool) -> bool:
    return given.lower() == found.lower() if any_case else given == found


def _like(given: str, found: str, *, any_case: bool = False) -> bool:
    """`*` and `?` are all that is wild."""
    if any_case:
        given, found = given.lower(), found.lower()
    return fnmatch.fnmatchcase(found, given.replace("[", "[[]"))


def _listed(given: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    if given is None:
        return []
    return given if isinstance(given, list) else [given]
