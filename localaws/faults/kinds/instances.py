"""What goes wrong with EC2 instances and what runs on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.faults.fault import Declared, Kind

FACTS = ("cluster", "instance", "zone", "instance_type")
HOWS = ("failed", "terminated")


def _how(params: Mapping[str, Any]) -> str:
    return "" if params["how"] in HOWS else f"how is one of {', '.join(HOWS)}."


KINDS = {
    Kind.NO_CAPACITY: Declared(
        "Auto Scaling cannot launch: EC2 has no capacity of that type in that zone. It tries "
        "again every 15 seconds.",
        ("group", "zone", "instance_type"),
        {},
    ),
    Kind.INSTANCE_LOST: Declared(
        "A container instance's host dies, and all containers on it. `failed`: its agent is heard "
        "of no more and EC2's status checks fail, until it comes back, empty, when this ends; "
        "`terminated`: EC2 ends it. New instances that match are lost as well; with `times`, no "
        "more than so many.",
        FACTS,
        {"how": "failed"},
        _how,
        lasts=True,
    ),
    Kind.AGENT_DISCONNECTED: Declared(
        "A container instance's agent is away, for so many seconds or until this ends. Its "
        "containers run on; what becomes of them meanwhile ECS learns when the agent is back.",
        FACTS,
        {"returns_after": None},
        lasts=True,
    ),
    Kind.INSTANCE_IMPAIRED: Declared(
        "A container instance's health is IMPAIRED for its container runtime; with `status_check` "
        "EC2 finds the instance impaired too, and Auto Scaling replaces it.",
        FACTS,
        {"status_check": True, "reason": "Container runtime is not responding"},
        lasts=True,
    ),
}
