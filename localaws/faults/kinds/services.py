"""What goes wrong with services of ECS: nothing new of them starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.faults.fault import Declared, Kind

FACTS = ("cluster", "service", "family")
WHATS = ("role", "permissions", "trust")


def _check(params: Mapping[str, Any]) -> str:
    return "" if params["what"] in WHATS else f"what is one of {', '.join(WHATS)}."


KINDS = {
    Kind.SCHEDULER_THROTTLED: Declared(
        "ECS is throttled by what it calls for a service (`on`: elb, or nothing): it starts no "
        "task, and tries again.",
        FACTS,
        {"on": ""},
    ),
    Kind.IAM_MISCONFIGURED: Declared(
        "ECS starts no task of a service: it cannot assume the task's `role`, or lacks permissions "
        "or trust itself (`what`: role, permissions, trust).",
        FACTS,
        {"what": "role", "role": "arn:aws:iam::123456789012:role/task"},
        _check,
    ),
}
