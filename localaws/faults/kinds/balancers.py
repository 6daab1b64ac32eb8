"""What goes wrong with health checks: of load balancers, and of containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.faults.fault import Declared, Kind
from localaws.faults.kinds import tasks

REASONS = ("Target.ResponseCodeMismatch", "Target.Timeout", "Target.FailedHealthChecks")


def _check(params: Mapping[str, Any]) -> str:
    if params["reason"] not in REASONS:
        return f"reason is one of {', '.join(REASONS)}."
    return "" if 100 <= params["code"] <= 599 else "code is a status from 100 to 599."


KINDS = {
    Kind.NEVER_HEALTHY: Declared(
        "A target, or a container, that is not healthy fails its health checks, whatever it "
        "answers. Targets are matched by `group`, a target group's name, `target`, an instance's "
        "id or an address, and `port`; containers by the others. `code` is the status of a "
        "Target.ResponseCodeMismatch.",
        ("group", "target", "port", *tasks.FACTS),
        {"reason": "Target.ResponseCodeMismatch", "code": 500},
        _check,
    ),
}
