"""Whether a container that ended is started again where it is (`restartPolicy`). Pure."""

from __future__ import annotations

from typing import Any

DEFAULT_PERIOD = 300  # seconds; Amazon ECS API reference, ContainerRestartPolicy


def again(definition: dict[str, Any], exit_code: int, ran_for: float) -> bool:
    """Not one that ended earlier than its attempt period: the task then goes as without policy."""
    policy = definition.get("restartPolicy") or {}
    return (
        bool(policy.get("enabled"))
        and exit_code not in policy.get("ignoredExitCodes", ())
        and ran_for >= policy.get("restartAttemptPeriod", DEFAULT_PERIOD)
    )
