"""Operations: what was asked for, how far it got, how it ended."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from app.api.json import Time
from app.api.schemas.named import Named, Numbered, Person, Versioned, author
from app.db.paging import Shown
from app.domain.operation import OperationKind, OperationStatus


class ProcessCounts(BaseModel):
    """What ECS showed last, whatever the operation asked for."""

    type: str
    desired: int
    running: int
    pending: int


class OperationOut(BaseModel):
    id: UUID
    number: int
    kind: OperationKind
    status: OperationStatus
    summary: str
    message: str
    reason: str
    reached: str
    actor: Person
    app: Named
    generation: int | None
    release: Versioned | None
    supersedes: list[Numbered]
    superseded_by: Numbered | None
    processes: list[ProcessCounts]
    started_at: Time
    updated_at: Time
    finished_at: Time | None


def operation_out(row: Shown) -> OperationOut:
    release = row.release_id and Versioned(id=row.release_id, version=row.release_version)
    newer = row.superseded_by_id and Numbered(
        id=row.superseded_by_id, number=row.superseded_by_number
    )
    return OperationOut(
        id=row.id,
        number=row.number,
        kind=row.kind,
        status=row.status,
        summary=row.summary,
        message=row.message,
        reason=row.reason,
        reached=row.reached,
        actor=author(row.actor_id, row.actor_email),
        app=Named(id=row.app_id, name=row.app_name),
        generation=row.generation,
        release=release,
        supersedes=sorted(
            (Numbered(**older) for older in row.supersedes or ()), key=lambda older: older.number
        ),
        superseded_by=newer,
        processes=sorted(
            (ProcessCounts(**counts) for counts in row.processes or ()),
            key=lambda counts: counts.type,
        ),
        started_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )
