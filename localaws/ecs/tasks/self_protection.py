"""A task that protects itself, by way of its agent: what it may ask, what it is answered. Pure.

As aws/amazon-ecs-agent, ecs-agent/tmds/handlers/taskprotection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localaws.ecs.model import Task
from localaws.ecs.tasks import protection

Answer = tuple[int, dict[str, Any]]  # of HTTP
INVALID = "InvalidParameterException"
KNOWN = {"protectionenabled", "expiresinminutes"}  # in whatever case


class Unreadable(Exception):
    """It is no such request."""


@dataclass(frozen=True)
class Wish:
    enabled: bool | None
    minutes: int | None


def read(body: bytes) -> Wish:
    """Raises Unreadable."""
    try:
        asked = {name.lower(): value for name, value in json.loads(body).items()}
    except (ValueError, AttributeError) as error:
        raise Unreadable from error
    enabled, minutes = asked.get("protectionenabled"), asked.get("expiresinminutes")
    whole = minutes is None or type(minutes) is int
    if not asked.keys() <= KNOWN or not isinstance(enabled, bool | None) or not whole:
        raise Unreadable
    return Wish(enabled, minutes)


def shown(task: Task, now: datetime) -> Answer:
    shape = protection.shape(task, now)
    until = shape.get("expirationDate")
    return 200, {
        "protection": {
            "ExpirationDate": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if until else None,
            "ProtectionEnabled": shape["protectionEnabled"],
            "TaskArn": task.arn,
        }
    }


def failure(task: Task, reason: str) -> Answer:
    return 200, {"failure": {"Arn": task.arn, "Detail": None, "Reason": reason}}


def unreadable() -> Answer:
    return refused(None, INVALID, "UpdateTaskProtection: failed to decode request")


def incomplete(task: Task) -> Answer:
    return refused(task, INVALID, "Invalid request: does not contain 'ProtectionEnabled' field")


def unknown() -> Answer:
    what = "Failed to find a task for the request"
    return refused(None, "ResourceNotFoundException", what, status=404)


def without_role(task: Task) -> Answer:
    what = "Invalid Request: no task IAM role credentials available for task"
    return refused(task, "AccessDeniedException", what, status=403)


def refused(task: Task | None, code: str, message: str, status: int = 400) -> Answer:
    whose = {"Arn": task.arn} if task else {}
    return status, {"error": {**whose, "Code": code, "Message": message}}
