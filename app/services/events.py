"""Record what happened, for people and for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.models import App, Event, Operation

CHANNEL = "events"


def record(
    session: Session,
    app: App,
    kind: str,
    message: str,
    *,
    operation: Operation | None = None,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Streams hear of it when the caller commits.

    The caller holds the app's lock, or has just made the app: ids then ascend in commit order
    within an app, so that a reader who has seen id n has missed nothing before it.
    """
    event = Event(
        app_id=app.id,
        operation_id=operation.id if operation else None,
        kind=kind,
        message=message,
        data=dict(data or {}),
    )
    session.add(event)
    session.flush()  # the id is taken while the lock is held
    session.execute(
        text("SELECT pg_notify(:channel, :app)"), {"channel": CHANNEL, "app": str(app.id)}
    )
    return event
