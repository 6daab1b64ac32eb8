from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Model


class OutboxMessage(Model):
    """Work asked for: one row per (task, key). See `app.db.outbox` for its life."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("task", "key"), Index("ix_outbox_due", "due_at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task: Mapped[str]
    key: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    leased_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str] = mapped_column(server_default="")
