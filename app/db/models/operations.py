from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.models.base import Identified, Model
from app.db.models.people import Account
from app.db.models.releases import Release

_UNFINISHED = "status IN ('pending', 'applying', 'rolling', 'settling', 'rolling_back')"


class Operation(Identified, Model):
    """One thing that somebody asked for. `request` is what they sent, without secrets.

    `progress` is the furthest that ECS has shown, `progressed_at` when; the deadline counts
    from there. `settled_since` stands while everything asked for is observed to be so.
    """

    __tablename__ = "operations"
    __table_args__ = (
        UniqueConstraint("app_id", "number"),
        Index("ix_operations_unfinished", "app_id", postgresql_where=text(_UNFINISHED)),
    )

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    summary: Mapped[str]
    message: Mapped[str] = mapped_column(server_default="")  # the Commit-Message header
    reason: Mapped[str] = mapped_column(server_default="")  # why it ended as it did
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))  # None: the platform
    actor: Mapped[Account | None] = relationship(lazy="raise")
    generation: Mapped[int | None]
    release_id: Mapped[UUID | None] = mapped_column(ForeignKey("releases.id"))
    release: Mapped[Release | None] = relationship(lazy="raise")
    superseded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("operations.id"))
    progress: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    reached: Mapped[str] = mapped_column(server_default="")  # the same in words
    progressed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    settled_since: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    finished_at: Mapped[datetime | None]


class Step(Model):
    """A call to AWS on an operation's behalf, written down before it is made.

    `mark` is what makes a repeat harmless: a request token, or the deployment seen before.
    """

    __tablename__ = "steps"

    operation_id: Mapped[UUID] = mapped_column(
        ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Event(Model):
    """What happened, for people and for other programs. Ids ascend in commit order per app."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_app_id_id", "app_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    operation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("operations.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    message: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
