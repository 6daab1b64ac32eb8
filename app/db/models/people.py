from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.models.base import Identified, Model


class Account(Identified, Model):
    __tablename__ = "accounts"

    email: Mapped[str] = mapped_column(unique=True)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Token(Identified, Model):
    """An API token. Only its SHA-256 is kept: 256 random bits need no slower hash."""

    __tablename__ = "tokens"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    account: Mapped[Account] = relationship(lazy="raise")
    hash: Mapped[bytes] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(server_default="")
    revoked_at: Mapped[datetime | None]
