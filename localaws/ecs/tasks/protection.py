"""Protection of a service's tasks from scale-in and deployments. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from localaws.ecs.model import Service, Task
from localaws.ecs.refusals import invalid

DEFAULT_MINUTES = 120
LEAST_MINUTES, MOST_MINUTES = 1, 2880


def check_minutes(minutes: int | None) -> None:
    if minutes is not None and not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise invalid(f"expiresInMinutes must be between {LEAST_MINUTES} and {MOST_MINUTES}.")


def protect(task: Task, now: datetime, *, enabled: bool, minutes: int | None) -> None:
    """Anew from now on, or no longer."""
    lasting = timedelta(minutes=minutes or DEFAULT_MINUTES)
    task.protected_until = now + lasting if enabled else None


def shape(task: Task, now: datetime) -> dict[str, Any]:
    protected = task.protected(now)
    expiry = {"expirationDate": task.protected_until} if protected else {}
    return {"taskArn": task.arn, "protectionEnabled": protected, **expiry}


def failure(task: Task, now: datetime, *, protects: bool) -> str | None:
    """Why nothing can be told of it, or why it cannot be protected.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    if not (task.service and task.wanted):
        return "TASK_NOT_VALID"
    return "DEPLOYMENT_BLOCKED" if protects and _too_many(task.service, now) else None


def _too_many(service: Service, now: datetime) -> bool:
    """Its protected tasks keep it from its desired count as it is."""
    protected = sum(one.wanted and one.protected(now) for one in service.tasks)
    return protected > service.desired_count
