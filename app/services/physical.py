"""Names that an app's things bear in AWS: from its immutable id, so rename renames nothing."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import App, PhysicalName


class Kind(StrEnum):
    STACK = "stack"
    SERVICE = "service"  # of one process type; also its task definition family
    TARGET_GROUP = "target_group"


def name(session: Session, app: App, kind: Kind, process_type: str = "") -> str:
    """The name it has, or one taken now. Unique in the whole installation."""
    mine = select(PhysicalName.name).where(
        PhysicalName.app_id == app.id,
        PhysicalName.kind == kind,
        PhysicalName.process_type == process_type,
    )
    if (taken := session.scalar(mine)) is not None:
        return taken
    for digits in (12, 16, 32):  # a clash of 12 hexadecimal digits is not expected, only possible
        row = insert(PhysicalName).values(
            app_id=app.id,
            kind=kind,
            process_type=process_type,
            name=_candidate(app.id.hex[:digits], kind, process_type),
        )
        session.execute(row.on_conflict_do_nothing())
        if (taken := session.scalar(mine)) is not None:
            return taken
    raise RuntimeError(f"no free {kind} name for app {app.id}")


def _candidate(prefix: str, kind: Kind, process_type: str) -> str:
    full = f"pal-{prefix}-{process_type}" if process_type else f"pal-{prefix}"
    if kind is Kind.TARGET_GROUP and len(full) > 32:  # Elastic Load Balancing's limit
        return f"pal-{hashlib.sha256(full.encode()).hexdigest()[:28]}"
    return full
