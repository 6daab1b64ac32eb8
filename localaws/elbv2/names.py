"""Names and ARNs, by AWS's rules."""

from __future__ import annotations

import re
import secrets

from localaws.wire import AwsError


def identifier() -> str:
    """The sixteen hex digits that end an ARN."""
    return secrets.token_hex(8)


def listener_arn(load_balancer_arn: str) -> str:
    return f"{load_balancer_arn.replace(':loadbalancer/', ':listener/')}/{identifier()}"


def rule_arn(listener_arn: str) -> str:
    return f"{listener_arn.replace(':listener/', ':listener-rule/')}/{identifier()}"


def check(kind: str, name: str) -> None:
    """`kind` as AWS writes it: "Target group", "The load balancer"."""
    if len(name) > 32:
        raise AwsError(
            "ValidationError", f"{kind} name '{name}' cannot be longer than '32' characters"
        )
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise AwsError(
            "ValidationError",
            f"{kind} name '{name}' can only contain characters that are alphanumeric "
            "characters or hyphens(-)",
        )
    if name.startswith("-") or name.endswith("-"):
        raise AwsError("ValidationError", f"{kind} name '{name}' cannot begin or end with hyphen")
