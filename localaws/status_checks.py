"""EC2's status checks, which moto finds passed of whatever runs: faults say where they fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Json = dict[str, Any]
Failed = Callable[[], Mapping[str, datetime]]  # since when, by instance id


def fail_where(failed: Failed) -> None:
    """moto is to be loaded."""
    from moto.ec2.models.instances import Instance  # noqa: PLC0415 (it takes a second)

    patched: Any = Instance
    for name in ("instance_status", "system_status"):
        passed = getattr(Instance, name)
        passed = getattr(passed.fget, "passed", passed.fget)  # not of one patched before
        setattr(patched, name, property(_told(passed, failed)))


def _told(passed: Callable[[Any], Json], failed: Failed) -> Callable[[Any], Json]:
    def status(instance: Any) -> Json:  # noqa: ANN401
        found, since = passed(instance), failed().get(instance.id)
        if since is None or found["Status"] != "ok":
            return found
        detail = {"Name": "reachability", "Status": "failed", "ImpairedSince": since}
        return {"Details": [detail], "Status": "impaired"}

    status.passed = passed  # type: ignore[attr-defined]
    return status
